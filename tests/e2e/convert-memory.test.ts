import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DiskFormat } from '@sendense/core';
import { openDiskImage } from '@sendense/formats';
import { createQcow2 } from '@sendense/formats/qcow2';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { testSeed } from '@sendense/tests/scale';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measureCtl } from './peak-memory.ts';

const MIB = 2 ** 20;
const MOST_MEMORY_BYTES = 256 * MIB;
const WRITTEN_CLUSTERS = 20_000;
/** Small, so that the source takes little room; each makes a whole block of the target. */
const CLUSTER_BYTES = 8192;
/** One of so many clusters is read back. */
const READ_BACK = 97;

type Case = {
  readonly format: DiskFormat;
  /** `null`: the format has none. */
  readonly subformat: string | null;
  readonly sizeBytes: number;
};

/** Every kind of target at 8 TiB; VHD where it ends. */
const LARGE = 8 * 2 ** 40;
const LARGEST_VHD = 2040 * 2 ** 30;
const CASES: readonly Case[] = [
  { format: 'raw', subformat: null, sizeBytes: LARGE },
  { format: 'vmdk', subformat: 'monolithicSparse', sizeBytes: LARGE },
  { format: 'vmdk', subformat: 'monolithicFlat', sizeBytes: LARGE },
  { format: 'vmdk', subformat: 'streamOptimized', sizeBytes: LARGE },
  { format: 'vhdx', subformat: 'dynamic', sizeBytes: LARGE },
  { format: 'vhdx', subformat: 'fixed', sizeBytes: LARGE },
  { format: 'qcow2', subformat: 'plain', sizeBytes: LARGE },
  { format: 'qcow2', subformat: 'compressed', sizeBytes: LARGE },
  { format: 'vhd', subformat: 'dynamic', sizeBytes: LARGEST_VHD },
  { format: 'vhd', subformat: 'fixed', sizeBytes: LARGEST_VHD },
];

/** Offsets of the written clusters of a disk, ascending: one in each of as many equal parts, at a random place. */
function writtenOffsets(sizeBytes: number): readonly number[] {
  const random = seededRandom(testSeed());
  const part = Math.floor(sizeBytes / CLUSTER_BYTES / WRITTEN_CLUSTERS);
  return Array.from(
    { length: WRITTEN_CLUSTERS },
    (_, index) => (index * part + seededInteger(random, part)) * CLUSTER_BYTES,
  );
}

function clusterOf(index: number): Uint8Array {
  return new Uint8Array(CLUSTER_BYTES).fill(1 + (index % 255));
}

async function makeDisk(file: string, sizeBytes: number): Promise<void> {
  await using image = await createQcow2(file, { sizeBytes, clusterBytes: CLUSTER_BYTES });
  for (const [index, offset] of writtenOffsets(sizeBytes).entries())
    await image.write(offset, clusterOf(index));
  await image.flush();
}

/** Which of the clusters looked at are not read as they were written. */
async function wrongClusters(file: string, { format, sizeBytes }: Case): Promise<readonly number[]> {
  await using image = await openDiskImage(file, { format, parents: { folders: [path.dirname(file)] } });
  const wrong: number[] = [];
  const bytes = new Uint8Array(CLUSTER_BYTES);
  for (const [index, offset] of writtenOffsets(sizeBytes).entries()) {
    if (index % READ_BACK !== 0) continue;
    await image.read(offset, bytes);
    if (!Buffer.from(bytes).equals(clusterOf(index))) wrong.push(index);
  }
  return wrong;
}

describe(`a disk with 20,000 written clusters far apart (seed ${testSeed()})`, () => {
  let home = '';
  const sourceOf = (sizeBytes: number) => path.join(home, `disk-${sizeBytes}.qcow2`);

  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'sendense-convert-'));
    for (const sizeBytes of new Set(CASES.map((one) => one.sizeBytes)))
      await makeDisk(sourceOf(sizeBytes), sizeBytes);
    await measureCtl(home, ['image', 'info', sourceOf(LARGE)]);
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  it.each(CASES)(
    'is converted to $format ($subformat), $sizeBytes bytes, in less than 256 MiB of memory',
    async (target) => {
      const { subformat, format, sizeBytes } = target;
      const out = path.join(home, `target.${format}-${subformat}`);
      const kind = ['--format', format, ...(subformat === null ? [] : ['--subformat', subformat])];
      const { json, peakBytes } = await measureCtl(home, [
        'image',
        'convert',
        sourceOf(sizeBytes),
        out,
        ...kind,
      ]);
      process.stderr.write(`peak memory of ${path.basename(out)}: ${(peakBytes / MIB).toFixed(0)} MiB\n`);
      expect(json).toMatchObject({ format, subformat, virtualSizeBytes: sizeBytes });
      expect(peakBytes).toBeLessThan(MOST_MEMORY_BYTES);
      expect(await wrongClusters(out, target)).toEqual([]);
      await rm(out);
    },
    120_000,
  );
});
