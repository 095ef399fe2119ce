import {
  type BlockLimits,
  type BlockReader,
  type ByteRange,
  type Call,
  type Extent,
  type LocatedRange,
  throwIfAborted,
} from '@sendense/core';
import { limitsOf } from './limits.ts';
import { EXTENTS_A_CALL, joinExtents, unpackExtents } from './list-extents.ts';
import { mapFailure } from './map-error.ts';
import type { OpenNative } from './open-native.ts';

/** Reads a file or device as it stands; holes of a file are told as proven zeros. */
export class NativeReader implements BlockReader {
  readonly sizeBytes: number;
  readonly limits: BlockLimits;
  readonly #from: OpenNative;

  constructor(from: OpenNative) {
    this.#from = from;
    this.sizeBytes = from.file.size;
    this.limits = limitsOf(from.endpoint.kind);
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    const { file, endpoint } = this.#from;
    const { failure } = await file.read(offset, into);
    if (failure !== undefined) throw mapFailure(failure, { operation: 'read-blocks', endpoint });
  }

  extents(range: ByteRange, call?: Call): AsyncGenerator<Extent> {
    return joinExtents(this.#listed(range, call));
  }

  async *locate(range: ByteRange, call?: Call): AsyncGenerator<LocatedRange> {
    const { endpoint } = this.#from;
    for await (const { offset, length, kind } of this.extents(range, call)) {
      yield { offset, length, at: kind === 'zero' ? 'zero' : { endpoint, offset } };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#from.file.close();
  }

  /** Extents as the addon lists them, a limited number at a time. */
  async *#listed(range: ByteRange, call?: Call): AsyncGenerator<Extent> {
    const { file, endpoint } = this.#from;
    const end = range.offset + range.length;
    for (let at = range.offset; at < end; ) {
      throwIfAborted(call?.signal, 'list-extents');
      const { packed, failure } = await file.extents(at, end - at, EXTENTS_A_CALL);
      if (failure !== undefined) throw mapFailure(failure, { operation: 'list-extents', endpoint });
      for (const extent of unpackExtents(packed)) {
        at = extent.offset + extent.length;
        yield extent;
      }
    }
  }
}
