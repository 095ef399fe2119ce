import type { BlockLimits, BlockReader, BlockWriter } from '@sendense/core';

const LIMITS: BlockLimits = { alignmentBytes: 1, maxBytes: 64 * 1024, maxInFlight: 4, order: 'random' };

/** A disk over one array: its reader sees what its writer writes. Zeros of whole 4 KiB blocks are proven. */
export function arrayDisk(
  bytes: Uint8Array,
  limits: Partial<BlockLimits> = {},
): {
  readonly reader: BlockReader;
  readonly writer: BlockWriter;
  readonly seen: { flushes: number; disposed: number };
} {
  const seen = { flushes: 0, disposed: 0 };
  const dispose = async () => {
    seen.disposed += 1;
  };
  const shared = {
    sizeBytes: bytes.byteLength,
    limits: { ...LIMITS, ...limits },
    [Symbol.asyncDispose]: dispose,
  };
  const reader: BlockReader = {
    ...shared,
    async read(offset, into) {
      into.set(bytes.subarray(offset, offset + into.byteLength));
    },
    async *extents({ offset, length }) {
      for (let at = offset; at < offset + length; ) {
        const end = Math.min(offset + length, (Math.floor(at / 4096) + 1) * 4096);
        const zero = bytes.subarray(at, end).every((byte) => byte === 0);
        yield { offset: at, length: end - at, kind: zero ? 'zero' : 'data' };
        at = end;
      }
    },
  };
  const writer: BlockWriter = {
    ...shared,
    rewritable: true,
    untouched: 'base',
    async write(offset, data) {
      bytes.set(data, offset);
    },
    async zero(offset, length) {
      bytes.fill(0, offset, offset + length);
    },
    async flush() {
      seen.flushes += 1;
    },
  };
  return { reader, writer, seen };
}
