import { createVmdk, openVmdk, streamVmdk } from '@sendense/formats/vmdk';
import { collect } from '@sendense/testkit';
import { testScale } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { qemuImg, qemuIo, qemuMap } from '../qemu.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const TIB = 1024 ** 4;
const GRAIN = 65_536;
/** Grains written over a disk: at scale 67, the 20,000 of the memory benchmark. */
const SPREAD = Math.round(300 * testScale());
/** QEMU maps grain by grain: whole disks of terabytes take it minutes. */
const WINDOW = 256 * 1024 * 1024;

/** The map of QEMU and ours, of a window that begins at `start`. */
async function bothMaps(image: string, start: number) {
  await using ours = await openVmdk(image);
  const length = Math.min(WINDOW, ours.sizeBytes - start);
  return {
    ours: await collect(ours.map({ offset: start, length })),
    qemu: await qemuMap(image, '-s', String(start), '-l', String(length)),
  };
}

describe.each([
  ['2 TiB and a sector', 2 * TIB + 512],
  ['8 TiB', 8 * TIB],
])('a disk of %s', (_, sizeBytes) => {
  const end = sizeBytes - (sizeBytes % GRAIN) - WINDOW / 2;

  it('that QEMU wrote is read at its end, and mapped alike', async () => {
    await using folder = await temporaryFolder();
    const image = folder.file('large.vmdk');
    await qemuImg('create', '-q', '-f', 'vmdk', image, String(sizeBytes));
    await qemuIo(image, 'write -P 5 1M 100k', `write -P 6 ${sizeBytes - 512} 512`);
    await using ours = await openVmdk(image);
    const last = new Uint8Array(1024);
    await ours.read(sizeBytes - 1024, last);
    expect([last[511], last[512], last[1023]]).toEqual([0, 6, 6]);
    for (const start of [0, end]) {
      const maps = await bothMaps(image, start);
      expect(maps.ours).toEqual(maps.qemu);
    }
  });

  it.each(['monolithicSparse', 'streamOptimized'] as const)(
    'that we write as %s, with grains spread over it, is the same for QEMU',
    async (subformat) => {
      await using folder = await temporaryFolder();
      const image = folder.file('large.vmdk');
      const step = Math.floor(sizeBytes / SPREAD / GRAIN) * GRAIN;
      const writer = await createVmdk(image, { sizeBytes, subformat });
      const data = new Uint8Array(GRAIN).fill(7);
      for (let index = 0; index < SPREAD; index += 1) await writer.write(index * step, data);
      await writer.flush();
      await writer[Symbol.asyncDispose]();
      for (const start of [0, 200 * step, (SPREAD - 1) * step, end]) {
        const maps = await bothMaps(image, start);
        expect(maps.ours).toEqual(maps.qemu);
      }
      await qemuIo(image, `read -P 7 ${200 * step} 64k`, `read -P 0 ${200 * step + GRAIN} 64k`);
      await using ours = await openVmdk(image);
      expect(ours.info.allocatedBytes).toBeLessThan(SPREAD * (GRAIN + 3 * 4096) + 4 * 1024 * 1024);
    },
  );
});

it('a stream of a disk of 8 TiB goes forwards in pieces of a grain or less', async () => {
  await using folder = await temporaryFolder();
  const writer = await createVmdk(folder.file('a.vmdk'), {
    sizeBytes: 8 * TIB,
    subformat: 'streamOptimized',
  });
  for (const offset of [0, 4 * TIB, 8 * TIB - GRAIN])
    await writer.write(offset, new Uint8Array(GRAIN).fill(7));
  await writer.flush();
  await writer[Symbol.asyncDispose]();
  await using ours = await openVmdk(folder.file('a.vmdk'));
  const pieces: number[] = [];
  for await (const { byteLength } of streamVmdk(ours)) pieces.push(byteLength);
  // All but the end, with its directory of a megabyte.
  expect(Math.max(...pieces.slice(0, -1))).toBe(GRAIN);
  expect(pieces.reduce((sum, bytes) => sum + bytes, 0)).toBe(ours.info.fileSizeBytes);
});
