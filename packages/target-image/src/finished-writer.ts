import { type BlockWriter, SendenseError } from '@sendense/core';

/** The writer of a disk that has its final name already: nothing is left to write. */
export function finishedWriter(sizeBytes: number, location: string): BlockWriter {
  const refuse = async (): Promise<never> => {
    throw new SendenseError('NOT_OPEN', `${location} is finished and is not written to any more`, {
      operation: 'write-blocks',
    });
  };
  return {
    sizeBytes,
    limits: { alignmentBytes: 1, maxBytes: 8 * 1024 * 1024, maxInFlight: 8, order: 'random' },
    rewritable: true,
    untouched: 'unknown',
    write: refuse,
    zero: refuse,
    flush: async () => undefined,
    async *durable() {
      if (sizeBytes > 0) yield { offset: 0, length: sizeBytes };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
