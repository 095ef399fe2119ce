import type { BlockReader, BlockWriter, ByteRange, Call } from '@sendense/core';

/** A run of a context. Bits of `flags` are the context's own; above 32 bits only clients with extended headers see it. */
export type ContextRun = ByteRange & { readonly flags: number };

/** A kind of block status that clients can ask for by name, e.g. the changed ranges of an increment. */
export type ServedContext = {
  /** `NAMESPACE:LEAF`, e.g. `sendense:changed`. `base:allocation` is the server's own. */
  readonly name: string;
  /** Must: yield ascending runs, each at least one byte long, that cover `range` exactly; not grow in memory with the disk. */
  status(range: ByteRange, call?: Call): AsyncIterable<ContextRun>;
};

/** A disk that a server offers. The server never disposes the reader and the writer. */
export type ServedExport = {
  /** Random order; with a writer it must read what was written. */
  readonly reader: BlockReader;
  /** Random order and rewritable, of the size of the reader; without it the export is read-only. */
  readonly writer?: BlockWriter;
  readonly description?: string;
  readonly contexts?: readonly ServedContext[];
  /** Whether clients may use several connections as one. Default `true`: all share this reader and writer. */
  readonly multiConnection?: boolean;
};
