import { createMemoryFileSystem, seededBytes, seededInteger, seededRandom } from '@sendense/testkit';
import { testScale, testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { StreamEncoder } from './stream-encoder.ts';
import { takeOverGrains } from './take-over-grains.ts';

const GIB = 2 ** 30;
const SIZE_BYTES = GIB;
/** Of several tables: within one, at the ends of some, far apart. */
const GRAINS = [0, 1, 7, 511, 512, 1023, 5000, 5001, 9999, 16_000];
const CASES = 300 * testScale();

function newEncoder(): StreamEncoder {
  return new StreamEncoder(SIZE_BYTES, new Uint8Array(512));
}

/** A stream without its end, and the encoder that made it. */
function streamOf(grains: readonly number[]) {
  const encoder = newEncoder();
  const pieces = [encoder.head()];
  for (const grain of grains) pieces.push(...encoder.grain(grain, seededBytes(grain, 100 + grain)));
  return { encoder, bytes: Buffer.concat(pieces) };
}

async function takeOver(bytes: Uint8Array): Promise<StreamEncoder> {
  const fileSystem = createMemoryFileSystem();
  await using file = await fileSystem.open('/stream', 'create');
  await file.write(bytes, 0);
  const encoder = newEncoder();
  await takeOverGrains(encoder, file, bytes.byteLength);
  return encoder;
}

describe('a stream that another encoder began', () => {
  it.each([0, 1, 4, 5, GRAINS.length])(
    'ends as that one would have ended it, after %i grains',
    async (count) => {
      const { encoder, bytes } = streamOf(GRAINS.slice(0, count));
      expect((await takeOver(bytes)).tail()).toEqual(encoder.tail());
    },
  );

  it('goes on as that one would have, also where the next grain completes a table', async () => {
    const { encoder, bytes } = streamOf(GRAINS.slice(0, 4));
    const taken = await takeOver(bytes);
    expect(taken.grain(600, seededBytes(1, 50))).toEqual(encoder.grain(600, seededBytes(1, 50)));
    expect(taken.tail()).toEqual(encoder.tail());
  });

  it.each([
    ['within a grain', 200],
    ['within a marker', 512 - 8],
  ])('is CORRUPT when it ends %s', async (_, missing) => {
    const { bytes } = streamOf(GRAINS);
    await expect(takeOver(bytes.subarray(0, -missing))).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it('is CORRUPT when a grain does not ascend or lies beyond the disk', async () => {
    for (const sector of [0n, BigInt(SIZE_BYTES / 512), 77n, 2n ** 63n]) {
      const { bytes } = streamOf([5, 9]);
      new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(bytes.byteLength - 512, sector, true);
      await expect(takeOver(bytes)).rejects.toMatchObject({ code: 'CORRUPT' });
    }
  });

  it('is CORRUPT when a table is missing, or there is one too many', async () => {
    const { bytes } = streamOf([0, 512]);
    const table = 65_536 + 512;
    const without = Buffer.concat([bytes.subarray(0, table), bytes.subarray(table + 5 * 512)]);
    await expect(takeOver(without)).rejects.toMatchObject({ code: 'CORRUPT' });
    const twice = Buffer.concat([bytes.subarray(0, table + 5 * 512), bytes.subarray(table)]);
    await expect(takeOver(twice)).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it(`ends in an encoder or CORRUPT when its bytes are damaged (seed ${testSeed()})`, async () => {
    const random = seededRandom(testSeed());
    const { bytes } = streamOf(GRAINS);
    let refused = 0;
    for (let index = 0; index < CASES; index += 1) {
      const damaged = Buffer.from(bytes);
      const sector = Math.floor(seededInteger(random, damaged.byteLength) / 512) * 512;
      damaged[sector + seededInteger(random, 16)] = seededInteger(random, 256);
      const error = await takeOver(damaged).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      if (error === undefined) continue;
      expect(error, `case ${index}`).toMatchObject({ code: 'CORRUPT' });
      refused += 1;
    }
    expect(refused).toBeGreaterThan(0);
  });
});
