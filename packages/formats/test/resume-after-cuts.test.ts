import type { ConvertRequest, DiskFormat, Finding } from '@sendense/core';
import { checkDiskImage, compareImages, openDiskImage } from '@sendense/formats';
import { createFormatConverter } from '@sendense/formats/convert';
import { createQcow2 } from '@sendense/formats/qcow2';
import {
  countingFileSystem,
  crashingFileSystem,
  createMemoryFileSystem,
  type MemoryFileSystem,
  seededBytes,
  seededInteger,
  seededRandom,
} from '@sendense/testkit';
import { testScale, testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { breakLock } from './conversions.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const CLUSTER = 64 * KIB;
const SEED = testSeed();
/** Cuts of each target spread over all that a conversion does to its files, and those at every change of a checkpoint. */
const SPREAD_CUTS = 4 * testScale();
const NEAR_CUTS = 10 * testScale();

type Target = {
  readonly format: DiskFormat;
  readonly subformat?: string;
  readonly sizeBytes: number;
  readonly checkpointBytes: number;
};

/** Where tables are filled one after another, the disk needs several of them; QCOW2 fills those of 8 GiB at once. */
const TARGETS: readonly Target[] = [
  { format: 'raw', sizeBytes: 6 * MIB + 512, checkpointBytes: MIB },
  { format: 'vhd', subformat: 'fixed', sizeBytes: 6 * MIB, checkpointBytes: MIB },
  { format: 'vhd', subformat: 'dynamic', sizeBytes: 17 * MIB + 512, checkpointBytes: 3 * MIB },
  { format: 'vhdx', subformat: 'fixed', sizeBytes: 6 * MIB, checkpointBytes: MIB },
  { format: 'vhdx', subformat: 'dynamic', sizeBytes: 200 * MIB, checkpointBytes: 24 * MIB },
  { format: 'vmdk', subformat: 'monolithicFlat', sizeBytes: 6 * MIB, checkpointBytes: MIB },
  { format: 'vmdk', subformat: 'monolithicSparse', sizeBytes: 100 * MIB, checkpointBytes: 12 * MIB },
  { format: 'vmdk', subformat: 'streamOptimized', sizeBytes: 100 * MIB, checkpointBytes: 12 * MIB },
  { format: 'qcow2', subformat: 'plain', sizeBytes: 18 * GIB, checkpointBytes: 1500 * MIB },
  { format: 'qcow2', subformat: 'compressed', sizeBytes: 18 * GIB, checkpointBytes: 1500 * MIB },
];

/** A disk with random bytes, bytes that compress, zeros that are written, and holes. */
async function diskOf({ sizeBytes }: Target): Promise<MemoryFileSystem> {
  const fileSystem = createMemoryFileSystem();
  await fileSystem.makeDirectory('/images');
  await using writer = await createQcow2('/images/source', { fileSystem, sizeBytes });
  const random = seededRandom(SEED);
  const clusters = Math.floor(sizeBytes / CLUSTER);
  const part = Math.max(1, Math.floor(clusters / 40));
  for (let cluster = 0; cluster + part <= clusters; cluster += part) {
    const at = cluster + seededInteger(random, part);
    const data = [
      seededBytes(at, CLUSTER),
      new Uint8Array(CLUSTER).fill(1 + (at % 9)),
      new Uint8Array(CLUSTER),
    ];
    await writer.write(at * CLUSTER, data[seededInteger(random, 3)] ?? new Uint8Array(CLUSTER));
  }
  await writer.flush();
  await fileSystem.syncDirectory('/images');
  await fileSystem.syncDirectory('/');
  return fileSystem;
}

function requestOf({ format, subformat }: Target): ConvertRequest {
  return {
    source: { path: '/images/source', format: 'qcow2' },
    target: { path: '/images/target', format, ...(subformat && { subformat }) },
    // What was cut while it got its names has some of them.
    overwrite: true,
  };
}

/** Converts, and stops before change `cutAt` of the file system; gives what was found out, or nothing when it was cut. */
async function convert(
  fileSystem: MemoryFileSystem,
  target: Target,
  cutAt = Number.POSITIVE_INFINITY,
): Promise<readonly Finding[] | undefined> {
  const cut = crashingFileSystem(fileSystem, { cutAt, tornBytes: 3000 });
  const { checkpointBytes } = target;
  const converter = createFormatConverter({ fileSystem: cut, resume: true, checkpointBytes });
  try {
    return (await converter.convert(requestOf(target))).findings;
  } catch (error) {
    if (!cut.dead) throw error;
    await breakLock(fileSystem, '/images/target');
    return undefined;
  }
}

/** How many changes of the file system a conversion is. */
async function changesOf(target: Target): Promise<number> {
  const counting = countingFileSystem(await diskOf(target));
  const { checkpointBytes } = target;
  await createFormatConverter({ fileSystem: counting, resume: true, checkpointBytes }).convert(
    requestOf(target),
  );
  return counting.changes.length;
}

/** Numbers of the changes before which conversions are cut. */
function cutsOf(changes: number): readonly number[] {
  const spread = Array.from({ length: SPREAD_CUTS }, (_, cut) =>
    Math.ceil(((cut + 1) * changes) / (SPREAD_CUTS + 1)),
  );
  const near = Array.from({ length: NEAR_CUTS }, (_, cut) => Math.floor(changes / 2) + cut);
  return [...spread, ...near];
}

async function expectWhole(fileSystem: MemoryFileSystem, { format }: Target, what: string): Promise<void> {
  const parents = { folders: ['/images'] };
  await using source = await openDiskImage('/images/source', { fileSystem });
  await using made = await openDiskImage('/images/target', { fileSystem, format, parents });
  expect(await compareImages(source, made), what).toMatchObject({ equal: true });
  const checked = await checkDiskImage('/images/target', { fileSystem, format, parents });
  expect(checked, what).toMatchObject({ errors: 0, leaks: 0, findings: [] });
}

describe.each(TARGETS)(`a conversion to $format $subformat that was cut (seed ${SEED})`, (target) => {
  it('goes on from what was durable, after a kill and after a power failure, and makes the same disk', async () => {
    const changes = await changesOf(target);
    let resumed = 0;
    for (const [cut, at] of cutsOf(changes).entries()) {
      const what = `cut before change ${at} of ${changes}`;
      let fileSystem = await diskOf(target);
      expect(await convert(fileSystem, target, at), what).toBeUndefined();
      // Killed; or without power, when all that was not synced may be lost, or any part of it.
      if (cut % 4 !== 0) {
        fileSystem = fileSystem.afterPowerLoss(cut % 4 === 1 ? 0 : SEED + cut);
        await breakLock(fileSystem, '/images/target');
      }
      // Cut again where it goes on, before it comes to an end.
      if (cut % 3 === 0 && (await convert(fileSystem, target, 12)) !== undefined) continue;
      const findings = (await convert(fileSystem, target)) ?? [];
      if (findings.some(({ code }) => code === 'conversion-resumed')) resumed += 1;
      await expectWhole(fileSystem, target, what);
    }
    expect(resumed).toBeGreaterThan(NEAR_CUTS / 2);
  });
});
