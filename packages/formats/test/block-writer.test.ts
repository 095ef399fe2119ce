import { createVhd, openVhd } from '@sendense/formats/vhd';
import { createVhdx, openVhdx } from '@sendense/formats/vhdx';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

const MIB = 1024 * 1024;
const UNIT = 65_536;

describe.each([
  [
    'VHD',
    (path: string, sizeBytes: number) => createVhd(path, { sizeBytes, blockBytes: 512 * 1024 }),
    openVhd,
  ],
  ['VHDX', (path: string, sizeBytes: number) => createVhdx(path, { sizeBytes, blockBytes: MIB }), openVhdx],
] as const)('the writer of a dynamic %s', (_, create, open) => {
  it(`keeps every byte of calls that overlap in time with each other and with flushes (seed ${testSeed()})`, async () => {
    const random = seededRandom(testSeed());
    await using folder = await temporaryFolder();
    // Over so large a disk that not all pages of its table are in memory at once.
    const spread = 1024 * MIB;
    const writer = await create(folder.file('image'), 600 * spread);
    const offsets = Array.from(
      { length: 600 },
      (__, index) => index * spread + seededInteger(random, 4) * UNIT,
    );
    const shuffled = offsets.toSorted(() => random() - 0.5);
    const byteAt = (offset: number) => 1 + ((offset / UNIT) % 251);
    for (let at = 0; at < shuffled.length; at += 8) {
      const calls = shuffled
        .slice(at, at + 8)
        .flatMap((offset) => [
          writer.write(offset, new Uint8Array(UNIT).fill(byteAt(offset))),
          writer.zero(offset + 8 * UNIT, UNIT),
        ]);
      if (at % 80 === 0) calls.push(writer.flush());
      await Promise.all(calls);
    }
    await writer.flush();
    await writer[Symbol.asyncDispose]();
    await using image = await open(folder.file('image'));
    const wrong: number[] = [];
    const read = new Uint8Array(UNIT);
    for (const offset of offsets) {
      await image.read(offset, read);
      if (read.some((byte) => byte !== byteAt(offset))) wrong.push(offset);
    }
    expect(wrong).toEqual([]);
  });
});
