import type { SocketAddress } from '@sendense/core';

/** The export as a person names it: an NBD URI, see doc/uri.md of the protocol. */
export function nameNbdExport(address: SocketAddress, exportName: string, tls: boolean): string {
  const scheme = tls ? 'nbds' : 'nbd';
  const name = encodeURIComponent(exportName);
  if (address.kind === 'unix') return `${scheme}+unix:///${name}?socket=${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${scheme}://${host}:${address.port}/${name}`;
}
