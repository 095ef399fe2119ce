import type { Call } from '../values/call.ts';
import type { BlockEndpoint } from './block-endpoint.ts';
import type { BlockReader } from './block-reader.ts';
import type { BlockWriter } from './block-writer.ts';
import type { Chunker, ChunkerOptions } from './chunker.ts';
import type { TransferRequest, TransferResult } from './transfer.ts';

/** Moves bytes at endpoints. TypeScript decides which ranges move where; a driver moves them. */
export interface BlockIoDriver {
  readonly specificationVersion: 'v1';
  readonly name: string;

  /** Whether the driver can open `endpoint` for `use`. Must: do no I/O; answer the same each time; never throw. */
  supports(endpoint: BlockEndpoint, use: 'read' | 'write'): boolean;

  /**
   * Opens an endpoint for reading.
   *
   * Requires: `supports(endpoint, 'read')`.
   * Must: reject with `NOT_FOUND`, `PERMISSION_DENIED` or `UNSUPPORTED` by cause; leak no handle when it rejects.
   */
  openReader(endpoint: BlockEndpoint, call?: Call): Promise<BlockReader>;

  /**
   * Opens an existing destination.
   *
   * Requires: `supports(endpoint, 'write')`.
   * Must: change no byte of it; reject as `openReader` does.
   */
  openWriter(endpoint: BlockEndpoint, call?: Call): Promise<BlockWriter>;

  /**
   * Moves many ranges off the event loop.
   *
   * Requires: the member is there; `supports` of every endpoint.
   * Receives: whole moves of safe integers that name a source, each at least one byte long.
   * Must: refuse a move past an end with `RANGE_INVALID` before it writes; give the digest of each move's
   * bytes; write nothing after it settles, aborted or not; failed moves count as unwritten (invariant 9); with the zero
   * action `pack`, refuse moves that do not follow each other at the destination with `RANGE_INVALID`; after an abort let go
   * what a server was sent and does not answer soon: `ABORTED` with `effect: 'unknown'` says that it may still be written.
   */
  transfer?(request: TransferRequest, call?: Call): Promise<TransferResult>;

  /** Whether `transfer` takes the zero action `pack`. */
  readonly packsZeros?: boolean;

  /** Bulk chunk work of object repositories. */
  chunker?(options: ChunkerOptions): Chunker;
}
