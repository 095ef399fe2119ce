use crate::failure::{Cause, Failure};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use std::io;
use std::sync::Arc;

/// What a caller says of TLS.
#[derive(Clone, Default)]
pub struct TlsSettings {
    /// Name that the certificate of the server must be for; an IP address is one.
    pub server_name: String,
    /// Certificates of the authorities to trust, as PEM.
    pub authorities_pem: String,
    /// What to show a server that asks who we are, as PEM.
    pub identity_pem: Option<(String, String)>,
    /// Trusts whoever answers.
    pub skip_verification: bool,
}

/// How to secure connections to one server.
pub struct Tls {
    pub config: Arc<ClientConfig>,
    pub server_name: ServerName<'static>,
}

/// Words for what a caller said wrong, as in Node.
const NO_PEM: Failure = Failure::new(Cause::Tls("ERR_OSSL_PEM_NO_START_LINE"));
const NO_NAME: Failure = Failure::new(Cause::Tls("ERR_TLS_CERT_ALTNAME_INVALID"));

impl Tls {
    pub fn new(settings: &TlsSettings) -> Result<Self, Failure> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::new(word_of(&error)))?;
        let builder = if settings.skip_verification {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(TrustAnybody(provider)))
        } else {
            let authorities = Arc::new(authorities(&settings.authorities_pem)?);
            let verifier = WebPkiServerVerifier::builder_with_provider(authorities, provider);
            builder.with_webpki_verifier(verifier.build().map_err(|_| NO_PEM)?)
        };
        let config = match &settings.identity_pem {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| NO_PEM)?;
                let identity = builder.with_client_auth_cert(certificates(certificate)?, key);
                identity.map_err(|error| Failure::new(word_of(&error)))?
            }
        };
        let server_name = ServerName::try_from(settings.server_name.clone()).map_err(|_| NO_NAME)?;
        Ok(Tls { config: Arc::new(config), server_name })
    }
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    all.ok().filter(|all| !all.is_empty()).ok_or(NO_PEM)
}

/// Authorities that rustls cannot use are left out, as long as one remains.
fn authorities(pem: &str) -> Result<RootCertStore, Failure> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(certificates(pem)?);
    if store.is_empty() { Err(NO_PEM) } else { Ok(store) }
}

/// The failure of a call on a TLS stream: of the socket below, or of TLS.
pub fn tls_failure(error: &io::Error) -> Failure {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(inner) => Failure::new(word_of(inner)),
        None if error.kind() == io::ErrorKind::UnexpectedEof => Failure::new(Cause::System(libc::ECONNRESET)),
        None => Failure::system(error),
    }
}

/// Node's words: one table of what they mean serves both drivers.
fn word_of(error: &rustls::Error) -> Cause {
    Cause::Tls(match error {
        rustls::Error::InvalidCertificate(error) => certificate_word(error),
        rustls::Error::NoCertificatesPresented => "UNABLE_TO_GET_ISSUER_CERT",
        rustls::Error::AlertReceived(alert) => alert_word(*alert),
        rustls::Error::InvalidMessage(_) => "ERR_SSL_WRONG_VERSION_NUMBER",
        _ => "ERR_SSL_PROTOCOL_ERROR",
    })
}

fn certificate_word(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "CERT_HAS_EXPIRED",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "CERT_NOT_YET_VALID",
        CertificateError::Revoked => "CERT_REVOKED",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "ERR_TLS_CERT_ALTNAME_INVALID"
        }
        CertificateError::BadSignature => "CERT_SIGNATURE_FAILURE",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "INVALID_PURPOSE"
        }
        _ => "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    }
}

/// By these alerts a server refuses who we are; all others are a session that broke.
fn alert_word(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::CertificateRequired => "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
        AlertDescription::BadCertificate => "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE",
        AlertDescription::UnknownCA => "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
        AlertDescription::AccessDenied => "ERR_SSL_TLSV1_ALERT_ACCESS_DENIED",
        AlertDescription::HandshakeFailure => "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",
        AlertDescription::CertificateExpired
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate => "ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        _ => "ERR_SSL_TLSV1_ALERT",
    }
}

/// Takes any certificate, and still wants the server to hold its key.
#[derive(Debug)]
struct TrustAnybody(Arc<CryptoProvider>);

impl ServerCertVerifier for TrustAnybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
