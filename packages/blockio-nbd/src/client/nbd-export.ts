import type { ByteRange, Call, LogSink, SocketAddress, TlsOptions } from '@sendense/core';
import type { BlockSizes } from '../protocol/index.ts';

/** Where an export is and what is wanted of it. */
export type ConnectNbdOptions = {
  readonly address: SocketAddress;
  /** Name of the export; `''` is the server's default one. */
  readonly export: string;
  /** With it the connection is encrypted or refused, never plain. */
  readonly tls?: TlsOptions;
  /** Names of the contexts for `blockStatus`, e.g. `base:allocation`, `qemu:dirty-bitmap:NAME`; default none. */
  readonly contexts?: readonly string[];
  /** Most connections, used when the server allows more than one; default 1, at most 16. */
  readonly connections?: number;
  /** Longest wait for a connection to be ready, in milliseconds; default 30 000. */
  readonly handshakeTimeoutMs?: number;
  /** Longest silence of a server that owes an answer, in milliseconds; default 120 000. */
  readonly idleTimeoutMs?: number;
  /** Longest wait for the answers to a change that was aborted, in milliseconds; default 50. Then the export is lost. */
  readonly abortTimeoutMs?: number;
  readonly log?: LogSink;
};

/** A run of one context. Bits of `flags` are the context's; a bigint when the server sent 64-bit status. */
export type StatusRun = ByteRange & { readonly flags: number | bigint };

/** Names of contexts, at least one. */
export type ContextNames = readonly [string, ...string[]];

/** A run of several contexts, none of which changes within it; `flags` in the order in which they were asked for. */
export type JointRun = ByteRange & { readonly flags: readonly (number | bigint)[] };

/** How `write`, `zero` and `trim` are done. */
export type ChangeOptions = Call & {
  /** Durable before it resolves; followed by a flush where the server knows no such flag. */
  readonly durable?: boolean;
};

/** How `zero` is done. */
export type ZeroOptions = ChangeOptions & {
  /** Allocates the range instead of leaving a hole. */
  readonly noHole?: boolean;
  /** Rejects with `UNSUPPORTED` at once when zeroing would be no faster than writing. */
  readonly fast?: boolean;
};

/**
 * A connected export. Ranges may be longer than the server's limits, they are split; offsets and lengths are multiples
 * of `limits.minBytes`, except a length that ends at `sizeBytes`. Calls may run at the same time, in no order among
 * each other. A lost connection fails all calls under way, and all later ones, with `CONNECTION_LOST`.
 */
export interface NbdExport extends AsyncDisposable {
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  /** What the server asks for, or the protocol's defaults. */
  readonly limits: BlockSizes;
  /** Contexts that the server granted, a subset of what was asked for. */
  readonly contexts: readonly string[];
  /** Whether the server allows several connections to one disk. */
  readonly multiConn: boolean;
  /** Which optional requests the server knows. */
  readonly offers: {
    readonly zero: boolean;
    readonly fastZero: boolean;
    readonly trim: boolean;
    readonly cache: boolean;
    readonly flush: boolean;
    readonly fua: boolean;
  };
  /** Fills `into` from `offset`. After an abort it is not touched any more. */
  read(offset: number, into: Uint8Array, call?: Call): Promise<void>;
  /** Settles when the server has answered, also after an abort, so that nothing is written after that. */
  write(offset: number, data: Uint8Array, options?: ChangeOptions): Promise<void>;
  /** Makes a range read as zeros; written as data where the server knows no zeroing. */
  zero(offset: number, length: number, options?: ZeroOptions): Promise<void>;
  /** Says that the range is not needed; what it reads as is unknown. `UNSUPPORTED` where the server cannot. */
  trim(offset: number, length: number, options?: ChangeOptions): Promise<void>;
  /** Asks the server to read ahead. `UNSUPPORTED` where it cannot. */
  cache(offset: number, length: number, call?: Call): Promise<void>;
  /** Makes everything that has been answered durable, whichever connection carried it. */
  flush(call?: Call): Promise<void>;
  /**
   * Runs of one granted context, ascending, covering `range` exactly, which may be off the grid. `NOT_FOUND` for a
   * context that was not granted.
   */
  blockStatus(context: string, range: ByteRange, call?: Call): AsyncIterable<StatusRun>;
  /** As `blockStatus`, of several contexts, with no more requests than for one: servers answer for all contexts at once. */
  jointStatus(contexts: ContextNames, range: ByteRange, call?: Call): AsyncIterable<JointRun>;
}
