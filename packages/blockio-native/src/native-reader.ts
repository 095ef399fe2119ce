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
import { mapFailure } from './map-error.ts';
import type { OpenNative } from './open-native.ts';

/** Extents asked for in one call: 24 bytes each. */
const EXTENTS_A_CALL = 4096;

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

  async *extents(range: ByteRange, call?: Call): AsyncGenerator<Extent> {
    let last: Extent | undefined;
    for await (const extent of this.#listed(range, call)) {
      if (last?.kind === extent.kind) {
        last = { ...last, length: last.length + extent.length };
        continue;
      }
      if (last !== undefined) yield last;
      last = extent;
    }
    if (last !== undefined) yield last;
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
      for (let slot = 0; slot < packed.length; slot += 3) {
        const [offset = 0, length = 0, hole] = packed.subarray(slot, slot + 3);
        at = offset + length;
        yield { offset, length, kind: hole === 1 ? 'zero' : 'data' };
      }
    }
  }
}
