import type { Duplex } from 'node:stream';
import { createSecureContext, createServer, type TLSSocket } from 'node:tls';
import { SendenseError } from '@sendense/core';
import type { NbdServerTls } from '../server-options.ts';

/** Throws `CONFIG_INVALID` for a certificate, key or authority that cannot be used. */
export function checkTls(tls: NbdServerTls): void {
  try {
    createSecureContext(credentials(tls));
  } catch (cause) {
    throw new SendenseError('CONFIG_INVALID', 'the TLS options of the server cannot be used', {
      operation: 'start-nbd-server',
      cause,
      remedy: 'check that certificatePem, keyPem and clientCaPem are PEM and belong together',
    });
  }
}

function credentials({ certificatePem, keyPem, clientCaPem }: NbdServerTls) {
  return {
    cert: certificatePem,
    key: keyPem.reveal(),
    ...(clientCaPem === undefined ? {} : { ca: clientCaPem }),
  };
}

/**
 * The server's side of a TLS session over `stream`. A client whose certificate is wanted and not good never gets
 * through. Rejects with `AUTHENTICATION_FAILED` for that, else with `PROTOCOL_VIOLATION`.
 */
export async function secureStream(stream: Duplex, tls: NbdServerTls): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const wantsCertificate = tls.clientCaPem !== undefined;
  // A server that listens nowhere: it verifies the client's certificate, which a bare TLSSocket leaves to its caller.
  const server = createServer({
    ...credentials(tls),
    minVersion: 'TLSv1.2',
    requestCert: wantsCertificate,
    rejectUnauthorized: wantsCertificate,
  });
  server.once('secureConnection', resolve);
  server.once('tlsClientError', reject);
  server.emit('connection', stream);
  try {
    return await promise;
  } catch (cause) {
    throw refusal(cause, wantsCertificate);
  }
}

function refusal(cause: unknown, wantsCertificate: boolean): SendenseError {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const certificate = wantsCertificate && /CERT|ISSUER|SELF_SIGNED|PEER_DID_NOT_RETURN/.test(code);
  return new SendenseError(
    certificate ? 'AUTHENTICATION_FAILED' : 'PROTOCOL_VIOLATION',
    certificate ? 'the client showed no certificate that is trusted' : 'the TLS handshake failed',
    {
      operation: 'start-tls',
      cause,
      context: { tlsError: code },
      remedy: certificate
        ? 'give the client a certificate signed by an authority of clientCaPem'
        : 'check the TLS settings of the client and that it trusts the certificate of the server',
    },
  );
}
