import { seededInteger, seededRandom } from '@sendense/testkit';
import { testSeed } from '@sendense/tests/scale';
import { expect, it } from 'vitest';
import type { ByteSource } from './byte-source.ts';
import { StripedSource } from './striped-source.ts';

/** A source of the given bytes. */
function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.byteLength,
    read: (offset, into) => {
      into.set(bytes.subarray(offset, offset + into.byteLength));
      return Promise.resolve();
    },
  };
}

it('A striped segment gives at any place what was dealt to its columns stripe by stripe', async () => {
  const random = seededRandom(testSeed());
  for (const [columns, stripeBytes, rows] of [
    [2, 512, 7],
    [3, 4096, 5],
    [5, 512, 1],
  ] as const) {
    const whole = Uint8Array.from({ length: columns * stripeBytes * rows }, () => seededInteger(random, 256));
    const parts = Array.from({ length: columns }, () => new Uint8Array(100 + rows * stripeBytes));
    for (let index = 0; index < columns * rows; index += 1)
      parts[index % columns]?.set(
        whole.subarray(index * stripeBytes, (index + 1) * stripeBytes),
        100 + Math.floor(index / columns) * stripeBytes,
      );
    const striped = new StripedSource(
      parts.map((part) => ({ source: sourceOf(part), offset: 100 })),
      stripeBytes,
      whole.byteLength,
    );
    for (let round = 0; round < 200; round += 1) {
      const from = seededInteger(random, whole.byteLength);
      const to = from + seededInteger(random, whole.byteLength - from + 1);
      const bytes = new Uint8Array(to - from);
      await striped.read(from, bytes);
      expect(Buffer.from(bytes).equals(whole.subarray(from, to)), `${from} to ${to}`).toBe(true);
    }
    await expect(striped.read(whole.byteLength - 1, new Uint8Array(2))).rejects.toMatchObject({
      code: 'CORRUPT',
    });
  }
});
