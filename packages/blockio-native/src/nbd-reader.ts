import type { BlockLimits, BlockReader, ByteRange, Call, Extent, LocatedRange } from '@sendense/core';
import { nbdLimits } from './limits.ts';
import { EXTENTS_A_CALL, joinExtents, unpackExtents } from './list-extents.ts';
import { type OpenClient, untilAborted } from './open-client.ts';

/** Reads an export. Zeros are known where the server tells them; else everything is data. */
export class NbdReader implements BlockReader {
  readonly sizeBytes: number;
  readonly limits: BlockLimits;
  /** There is one only where the server lets other connections in. */
  readonly locate?: (range: ByteRange) => AsyncIterable<LocatedRange>;
  readonly #from: OpenClient;

  constructor(from: OpenClient) {
    this.#from = from;
    this.sizeBytes = from.client.size;
    this.limits = nbdLimits(from.client.alignment);
    if (from.client.shared) this.locate = (range) => this.#located(range);
  }

  async read(offset: number, into: Uint8Array, call?: Call): Promise<void> {
    const { client } = this.#from;
    await untilAborted(this.#from, 'read-blocks', call?.signal, (control) =>
      client.read(offset, into, control),
    );
  }

  async *extents(range: ByteRange, call?: Call): AsyncGenerator<Extent> {
    if (this.#from.client.tellsZeros) yield* joinExtents(this.#listed(range, call));
    else yield { ...range, kind: 'data' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#from.client.close();
  }

  async *#located(range: ByteRange): AsyncGenerator<LocatedRange> {
    yield { ...range, at: { endpoint: this.#from.endpoint, offset: range.offset } };
  }

  /** Extents as the server tells them, a limited number at a time. */
  async *#listed(range: ByteRange, call?: Call): AsyncGenerator<Extent> {
    const { client } = this.#from;
    const end = range.offset + range.length;
    for (let at = range.offset; at < end; ) {
      const { packed } = await untilAborted(this.#from, 'list-extents', call?.signal, () =>
        client.extents(at, end - at, EXTENTS_A_CALL),
      );
      for (const extent of unpackExtents(packed)) {
        at = extent.offset + extent.length;
        yield extent;
      }
    }
  }
}
