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

  /** Whether the driver can open `endpoint` for `use`; never does I/O. */
  supports(endpoint: BlockEndpoint, use: 'read' | 'write'): boolean;

  /** Must: reject with `NOT_FOUND`, `PERMISSION_DENIED` or `UNSUPPORTED` by cause; no handle leaks on rejection. */
  openReader(endpoint: BlockEndpoint, call?: Call): Promise<BlockReader>;

  /** Must: open an existing destination without changing a byte of it; see `openReader` for errors. */
  openWriter(endpoint: BlockEndpoint, call?: Call): Promise<BlockWriter>;

  /**
   * Moves many ranges off the event loop.
   *
   * Must: write nothing after it settles, aborted or not; failed moves count as unwritten (invariant 9).
   */
  transfer?(request: TransferRequest, call?: Call): Promise<TransferResult>;

  /** Bulk chunk work of object repositories. */
  chunker?(options: ChunkerOptions): Chunker;
}
