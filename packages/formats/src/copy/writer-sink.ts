import type { BlockWriter } from '@sendense/core';
import type { CopySink } from './copy-sink.ts';

/** A writer that learns from `refer` that the data of whole clusters lies where it said. */
export type PlacingWriter = Pick<
  BlockWriter,
  'sizeBytes' | 'limits' | 'rewritable' | 'untouched' | 'write' | 'zero'
> & { refer(offset: number, length: number): Promise<void> };

/** `writer` as what a copy into it is given to; it takes no digests. */
export function writerSink(writer: PlacingWriter): CopySink {
  const { sizeBytes, limits, rewritable, untouched } = writer;
  return {
    sizeBytes,
    limits,
    rewritable,
    untouched,
    takesDigests: false,
    write: (offset, data, call) => writer.write(offset, data, call),
    zero: (offset, length, call) => writer.zero(offset, length, call),
    placed: (offset, length) => writer.refer(offset, length),
  };
}
