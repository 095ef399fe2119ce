import { expect, it } from 'vitest';
import type { MappedStream } from './attribute-stream.ts';
import { CompressedBytes } from './compressed-bytes.ts';

/** Opens an attribute that is compressed in units of 2^`unitBits` clusters. */
function open(unitBits: number, clusterBytes: number): CompressedBytes {
  const source = { sizeBytes: 0, read: () => expect.fail('nothing is read') };
  const stream = { head: { unitBits, sizeBytes: 0, initialisedBytes: 0 }, rest: [] } as unknown;
  return new CompressedBytes({ source, clusterBytes, clusters: 0 }, stream as MappedStream);
}

it.each([
  [0, 4096],
  [5, 4096],
  [4, 8192],
  [255, 512],
])('Units of 2^%i clusters of %i bytes are damage: no system compresses so much together', (bits, bytes) => {
  expect(() => open(bits, bytes)).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
});

it('Units of up to 64 KiB are read', () => {
  expect(() => [open(4, 4096), open(4, 512), open(7, 512)]).not.toThrow();
});
