import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { SocketAddress, TlsOptions } from '@sendense/core';
import { mapSocketError } from '@sendense/plugin-kit/nbd';

/** Name that the certificate must be for: over a unix socket it is this machine's unless the caller says otherwise. */
function hostOf(address: SocketAddress, { serverName }: TlsOptions): string {
  return serverName ?? (address.kind === 'unix' ? 'localhost' : address.host);
}

function connectionOptions(address: SocketAddress, tls: TlsOptions): ConnectionOptions {
  const host = hostOf(address, tls);
  return {
    host,
    // addresses are verified as such, but may not be sent as a name (RFC 6066)
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(tls.caPem === undefined ? {} : { ca: tls.caPem }),
    ...(tls.certificatePem === undefined ? {} : { cert: tls.certificatePem }),
    ...(tls.keyPem === undefined ? {} : { key: tls.keyPem.reveal() }),
    rejectUnauthorized: tls.dangerouslySkipVerification !== true,
    minVersion: 'TLSv1.2',
  };
}

/** The TLS session over `socket`, its peer verified. Rejects with `UNTRUSTED_PEER`, `AUTHENTICATION_FAILED` by cause. */
export async function upgradeToTls(
  socket: Socket,
  address: SocketAddress,
  tls: TlsOptions,
  subject: string,
): Promise<TLSSocket> {
  const ready = Promise.withResolvers<void>();
  const fail = (error: Error): void => ready.reject(mapSocketError(error, 'start-tls', subject));
  const closed = (): void =>
    fail(Object.assign(new Error('closed during the TLS handshake'), { code: 'ECONNRESET' }));
  let secure: TLSSocket;
  try {
    secure = connect({ ...connectionOptions(address, tls), socket });
  } catch (error) {
    throw mapSocketError(error, 'start-tls', subject);
  }
  secure.once('secureConnect', ready.resolve).once('error', fail).once('close', closed);
  try {
    await ready.promise;
    secure.off('error', fail);
    return secure;
  } catch (error) {
    secure.on('error', () => undefined).destroy();
    throw error;
  } finally {
    secure.off('close', closed);
  }
}
