import type { TlsOptions } from './tls-options.ts';

/** Where a stream server listens. */
export type SocketAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** A file or block device of this machine. */
export type FileEndpoint = { readonly kind: 'file' | 'device'; readonly path: string };

/** An export of an NBD server. */
export type NbdEndpoint = {
  readonly kind: 'nbd';
  readonly address: SocketAddress;
  readonly export: string;
  readonly tls?: TlsOptions;
};

/** Third-party endpoints are named `vendor/protocol` and understood by that vendor's driver. */
export type CustomEndpoint = { readonly kind: `${string}/${string}`; readonly [key: string]: unknown };

/** Connectable from this process as it stands; a tunnel belongs to the handle that gave it. */
export type BlockEndpoint = FileEndpoint | NbdEndpoint | CustomEndpoint;
