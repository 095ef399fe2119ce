import { inflateSync } from 'node:zlib';
import { seededBytes } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { GRAIN_BYTES } from './constants.ts';
import { deflateGrain } from './deflate-grain.ts';

it('random bytes are stored as they are, and a grain with an eighth of text in it is compressed', async () => {
  const grain = seededBytes(7, GRAIN_BYTES);
  const stored = await deflateGrain(grain);
  expect(stored?.byteLength).toBeLessThan(GRAIN_BYTES + 32);
  expect(inflateSync(stored ?? new Uint8Array())).toEqual(Buffer.from(grain));
  for (const start of [0, 20_000, GRAIN_BYTES - 9000]) {
    const mixed = Buffer.from(grain).fill('text', start, start + 9000);
    const packed = await deflateGrain(mixed);
    expect(packed?.byteLength).toBeLessThan(GRAIN_BYTES - 8000);
    expect(inflateSync(packed ?? new Uint8Array())).toEqual(mixed);
  }
});

it('a grain of zeros is not stored, and a short one is filled up', async () => {
  expect(await deflateGrain(new Uint8Array(GRAIN_BYTES))).toBeUndefined();
  const packed = await deflateGrain(new Uint8Array(512).fill(1));
  const plain = inflateSync(packed ?? new Uint8Array());
  expect([plain.byteLength, plain[511], plain[512]]).toEqual([GRAIN_BYTES, 1, 0]);
});
