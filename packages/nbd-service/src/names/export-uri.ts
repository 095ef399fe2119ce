import type { SocketAddress } from '@sendense/core';

/** The NBD URI of an export: `nbd+unix:///NAME?socket=PATH`, `nbd://HOST:PORT/NAME`; with TLS `nbds`. */
export function exportUri(address: SocketAddress, name: string, tls = false): string {
  const scheme = tls ? 'nbds' : 'nbd';
  const path = encodeURIComponent(name);
  if (address.kind === 'unix') return `${scheme}+unix:///${path}?socket=${encodeURIComponent(address.path)}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${scheme}://${host}:${address.port}/${path}`;
}
