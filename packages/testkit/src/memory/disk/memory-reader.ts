import type { BlockLimits, BlockReader, ByteRange, Call, Extent } from '@sendense/core';
import { loadBlake3 } from '@sendense/plugin-kit/digest';
import { Lifetime } from '../lifetime.ts';
import type { DiskContent } from './disk-content.ts';
import { MEMORY_LIMITS } from './memory-limits.ts';

/** How a memory reader behaves. */
export type MemoryReaderOptions = {
  readonly limits?: Partial<BlockLimits>;
  /** Offers BLAKE3 digests of pieces of this size in bytes. */
  readonly digestPieceBytes?: number;
};

/** Opens a reader over `content` as it is now; later writes to `content` do not show. */
export function openMemoryReader(content: DiskContent, options: MemoryReaderOptions = {}): BlockReader {
  const frozen = content.snapshot();
  const limits = { ...MEMORY_LIMITS, ...options.limits };
  const lifetime = new Lifetime('memory reader');
  const pieceBytes = options.digestPieceBytes;
  return {
    sizeBytes: frozen.sizeBytes,
    limits,
    async read(offset, into, call) {
      await lifetime.enter('read', call);
      frozen.read(offset, into);
    },
    async *extents(range, call) {
      await lifetime.enter('extents', call);
      for (const extent of frozen.extents(range)) {
        lifetime.check('extents', call);
        yield extent;
      }
    },
    ...(pieceBytes === undefined
      ? {}
      : { digestPieceBytes: pieceBytes, digests: digestsOf(frozen, lifetime) }),
    async [Symbol.asyncDispose]() {
      lifetime.close();
    },
  };
}

function digestsOf(content: DiskContent, lifetime: Lifetime) {
  return async function* (pieces: AsyncIterable<ByteRange>, call?: Call): AsyncGenerator<Uint8Array> {
    lifetime.check('digests', call);
    const blake3 = await loadBlake3();
    for await (const piece of pieces) {
      lifetime.check('digests', call);
      const known: Extent[] = [...content.extents(piece)];
      const zeros = known.every(({ kind }) => kind === 'zero');
      yield zeros ? new Uint8Array(0) : blake3(content.bytes(piece));
    }
  };
}
