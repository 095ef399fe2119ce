import type { BlockLimits, BlockReader, ByteRange, Extent, LocatedRange } from '@sendense/core';
import { limitsOf } from './limits.ts';
import type { OpenEndpoint } from './open-endpoint.ts';
import { readExactly } from './read-exactly.ts';

/**
 * Reads a file or device as it stands. Node cannot ask for holes (SEEK_HOLE), so no range is proven to be zeros:
 * everything is `data`.
 */
export class FileReader implements BlockReader {
  readonly sizeBytes: number;
  readonly limits: BlockLimits;
  readonly #from: OpenEndpoint;

  constructor(from: OpenEndpoint) {
    this.#from = from;
    this.sizeBytes = from.sizeBytes;
    this.limits = limitsOf(from.endpoint.kind);
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    await readExactly(this.#from, into, offset);
  }

  async *extents(range: ByteRange): AsyncIterable<Extent> {
    if (range.length > 0) yield { ...range, kind: 'data' };
  }

  async *locate(range: ByteRange): AsyncIterable<LocatedRange> {
    if (range.length > 0) yield { ...range, at: { endpoint: this.#from.endpoint, offset: range.offset } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#from.handle[Symbol.asyncDispose]();
  }
}
