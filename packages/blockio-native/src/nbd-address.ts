import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { rootCertificates } from 'node:tls';
import type { NbdEndpoint, SocketAddress, TlsOptions } from '@sendense/core';
import { mapSocketError, nameNbdExport } from '@sendense/plugin-kit/nbd';
import type { NativeExport, NativeTls } from './addon.ts';
import type { CheckedOptions } from './options.ts';

/** Name that the certificate must be for: over a unix socket it is this machine's unless the caller says otherwise. */
function hostOf(address: SocketAddress): string {
  return address.kind === 'unix' ? 'localhost' : address.host;
}

/** Where there is no bundle of the caller, the authorities that Node trusts are trusted here too. */
function nativeTls(address: SocketAddress, tls: TlsOptions): NativeTls {
  return {
    serverName: tls.serverName ?? hostOf(address),
    authoritiesPem: tls.caPem ?? rootCertificates.join('\n'),
    ...(tls.certificatePem === undefined ? {} : { certificatePem: tls.certificatePem }),
    ...(tls.keyPem === undefined ? {} : { keyPem: tls.keyPem.reveal() }),
    skipVerification: tls.dangerouslySkipVerification === true,
  };
}

function withPort(ip: string, port: number): string {
  return isIPv6(ip) ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** The export as a person names it. */
export function subjectOf({ address, export: name, tls }: NbdEndpoint): string {
  return nameNbdExport(address, name, tls !== undefined);
}

/** The export as the addon takes it. Its host is resolved here, where giving up needs no thread. */
export async function toNativeExport(
  endpoint: NbdEndpoint,
  { handshakeTimeoutMs, idleTimeoutMs, abortTimeoutMs }: CheckedOptions,
): Promise<NativeExport> {
  const { address, export: name, tls } = endpoint;
  const rest = {
    name,
    ...(tls === undefined ? {} : { tls: nativeTls(address, tls) }),
    handshakeMs: handshakeTimeoutMs,
    silenceMs: idleTimeoutMs,
    afterAbortMs: abortTimeoutMs,
  };
  if (address.kind === 'unix') return { path: address.path, addresses: [], ...rest };
  try {
    const found = await lookup(address.host, { all: true });
    return { addresses: found.map(({ address: ip }) => withPort(ip, address.port)), ...rest };
  } catch (error) {
    throw mapSocketError(error, 'connect-nbd', subjectOf(endpoint));
  }
}
