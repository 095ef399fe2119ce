import { type LogSink, type Secret, SendenseError, type SocketAddress } from '@sendense/core';
import { DEFAULT_MAX_PAYLOAD_BYTES } from '../protocol/index.ts';

/** TLS of a server. */
export type NbdServerTls = {
  /** Certificate of the server, with the intermediate ones after it. */
  readonly certificatePem: string;
  readonly keyPem: Secret;
  /** With it clients must show a certificate that one of these authorities signed. */
  readonly clientCaPem?: string;
  /** Default `true`: a client without TLS learns nothing and gets nothing. */
  readonly required?: boolean;
};

/** What one client, and all together, may take. */
export type NbdServerLimits = {
  /** Most clients at once; one more is hung up on. Default 64. */
  readonly maxConnections: number;
  /** Largest read or write; clients are told. Default 32 MiB, the least that all clients count on. */
  readonly maxPayloadBytes: number;
  /** Bytes in flight of one client; its next request waits. At least `maxPayloadBytes`. Default 64 MiB. */
  readonly connectionBytes: number;
  /** Bytes in flight of all clients. At least `connectionBytes`. Default 256 MiB. */
  readonly serverBytes: number;
  /** Requests under way of one client; its next one waits. Default 64. */
  readonly maxRequests: number;
  /** From the connection to the export, TLS included, in milliseconds. Default 30 000. */
  readonly handshakeTimeoutMs: number;
  /** From the first to the last byte of a request or a reply, in milliseconds. Default 60 000. */
  readonly messageTimeoutMs: number;
  /**
   * Longest time in which a client that has entered has nothing under way, in milliseconds: after it its place is given to
   * others. Default 86 400 000 (a day), because a disk that is mounted may be quiet for long.
   */
  readonly idleTimeoutMs: number;
  /** How long a stop waits for requests under way before it hangs up, in milliseconds. Default 10 000. */
  readonly stopTimeoutMs: number;
};

/** How a server is started. */
export type NbdServerOptions = {
  /** Default a free TCP port of 127.0.0.1. A unix socket is made for its owner alone. */
  readonly address?: SocketAddress;
  readonly tls?: NbdServerTls;
  readonly limits?: Partial<NbdServerLimits>;
  /** Lets clients of other machines in without TLS: everybody on the way reads and changes the disks. */
  readonly dangerouslyAllowPlain?: true;
  readonly log?: LogSink;
};

const DEFAULTS: NbdServerLimits = {
  maxConnections: 64,
  maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
  connectionBytes: 64 * 1024 * 1024,
  serverBytes: 256 * 1024 * 1024,
  maxRequests: 64,
  handshakeTimeoutMs: 30_000,
  messageTimeoutMs: 60_000,
  idleTimeoutMs: 24 * 60 * 60 * 1000,
  stopTimeoutMs: 10_000,
};

/** The specification lets no server announce less than 1 MiB, and lengths on the wire have 32 bits. */
const PAYLOAD_RANGE = { least: 1024 * 1024, most: 1024 * 1024 * 1024 };

/** A longer timer of Node fires at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The limits with their defaults. Throws `CONFIG_INVALID` for limits that contradict each other. */
export function checkLimits(given: Partial<NbdServerLimits> = {}): NbdServerLimits {
  const limits = { ...DEFAULTS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) throw invalid(`${name} must be an integer above 0`);
    if (name.endsWith('Ms') && value > MAX_TIMEOUT_MS)
      throw invalid(`${name} must be at most ${MAX_TIMEOUT_MS}`);
  }
  const { maxPayloadBytes, connectionBytes, serverBytes } = limits;
  if (maxPayloadBytes < PAYLOAD_RANGE.least || maxPayloadBytes > PAYLOAD_RANGE.most) {
    throw invalid('maxPayloadBytes must be from 1 MiB to 1 GiB');
  }
  if (connectionBytes < maxPayloadBytes) throw invalid('connectionBytes must be at least maxPayloadBytes');
  if (serverBytes < connectionBytes) throw invalid('serverBytes must be at least connectionBytes');
  return limits;
}

/** Throws `CONFIG_INVALID` for an address that other machines reach without TLS. */
export function checkExposure({ address, tls, dangerouslyAllowPlain }: NbdServerOptions): void {
  if (address === undefined || address.kind === 'unix' || isLoopback(address.host)) return;
  if (dangerouslyAllowPlain === true || (tls !== undefined && tls.required !== false)) return;
  throw new SendenseError('CONFIG_INVALID', `an NBD server on ${address.host} must require TLS`, {
    operation: 'start-nbd-server',
    remedy: 'give tls, listen on 127.0.0.1 or a unix socket, or say dangerouslyAllowPlain',
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function invalid(message: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', message, {
    operation: 'start-nbd-server',
    remedy: 'correct the limits of the server, or leave them out',
  });
}
