use crate::block_file::Outcome;
use napi_derive::napi;
use sendense_blockio::nbd::{Address, Endpoint, Patience, Tls, TlsSettings};
use sendense_blockio::{Cause, Failure};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How to secure a connection.
#[napi(object, object_to_js = false)]
pub struct NativeTls {
    /// Name that the certificate of the server must be for.
    pub server_name: String,
    pub authorities_pem: String,
    pub certificate_pem: Option<String>,
    pub key_pem: Option<String>,
    pub skip_verification: bool,
}

/// An export of an NBD server.
#[napi(object, object_to_js = false)]
pub struct NativeExport {
    /// Of a unix socket.
    pub path: Option<String>,
    /// Else `IP:port`, tried in this order.
    pub addresses: Vec<String>,
    pub name: String,
    pub tls: Option<NativeTls>,
    /// Longest wait for a connection to be ready, in milliseconds.
    pub handshake_ms: u32,
    /// Longest silence of a server that owes an answer, in milliseconds.
    pub silence_ms: u32,
    /// Longest wait for the answers to changes that were sent, once a transfer is to stop, in milliseconds.
    pub after_abort_ms: u32,
}

impl NativeExport {
    pub fn endpoint(&self) -> Outcome<Endpoint> {
        let address = match &self.path {
            Some(path) => Address::Unix(PathBuf::from(path)),
            None => Address::Tcp(self.addresses.iter().map(|text| address(text)).collect::<Result<_, _>>()?),
        };
        let tls = self.tls.as_ref().map(|tls| Tls::new(&tls.settings()).map(Arc::new)).transpose()?;
        let milliseconds = |value: u32| Duration::from_millis(value.into());
        let patience = Patience {
            handshake: milliseconds(self.handshake_ms),
            silence: milliseconds(self.silence_ms),
            after_abort: milliseconds(self.after_abort_ms),
        };
        Ok(Endpoint { address, export: self.name.clone(), tls, patience })
    }
}

impl NativeTls {
    fn settings(&self) -> TlsSettings {
        TlsSettings {
            server_name: self.server_name.clone(),
            authorities_pem: self.authorities_pem.clone(),
            identity_pem: self.certificate_pem.clone().zip(self.key_pem.clone()),
            skip_verification: self.skip_verification,
        }
    }
}

fn address(text: &str) -> Outcome<SocketAddr> {
    // the host that was resolved is none: EHOSTUNREACH
    text.parse().map_err(|_| Failure::new(Cause::System(113)))
}
