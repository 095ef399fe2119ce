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

type Case = { readonly name: string; readonly format: DiskFormat; readonly sizeBytes: number };

/** Every target that keeps tables or compresses, at 8 TiB; VHD where it ends. */
const LARGE = 8 * 2 ** 40;
const CASES: readonly Case[] = [
  { name: 'monolithicSparse', format: 'vmdk', sizeBytes: LARGE },
  { name: 'streamOptimized', format: 'vmdk', sizeBytes: LARGE },
  { name: 'dynamic', format: 'vhdx', sizeBytes: LARGE },
  { name: 'plain', format: 'qcow2', sizeBytes: LARGE },
  { name: 'compressed', format: 'qcow2', sizeBytes: LARGE },
  { name: 'dynamic', format: 'vhd', sizeBytes: 2040 * 2 ** 30 },
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
  await using image = await openDiskImage(file, { format });
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
  }, 60_000);
  afterAll(() => rm(home, { recursive: true, force: true }));

  it.each(CASES)(
    'is converted to $format $name, $sizeBytes bytes, in less than 256 MiB of memory',
    async (target) => {
      const { name, format, sizeBytes } = target;
      const out = path.join(home, `target.${format}-${name}`);
      const kind = ['--format', format, '--subformat', name];
      const { json, peakBytes } = await measureCtl(home, [
        'image',
        'convert',
        sourceOf(sizeBytes),
        out,
        ...kind,
      ]);
      process.stderr.write(`peak memory of ${format} ${name}: ${(peakBytes / MIB).toFixed(0)} MiB\n`);
      expect(json).toMatchObject({ format, subformat: name, virtualSizeBytes: sizeBytes });
      expect(peakBytes).toBeLessThan(MOST_MEMORY_BYTES);
      expect(await wrongClusters(out, target)).toEqual([]);
      await rm(out);
    },
    120_000,
  );
});
