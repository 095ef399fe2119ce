import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BlockReader,
  type BlockWriter,
  type DiskFormat,
  diskId,
  type RestorePlan,
  type RestoreState,
  type RestoreWriter,
  SendenseError,
} from '@sendense/core';
import { openDiskImage } from '@sendense/formats';
import { soloFence } from '@sendense/plugin-kit';
import { createImageTarget, type ImageTargetOptions } from '@sendense/target-image';
import { DiskContent, openMemoryReader, type TargetFixture, type WriterFixture } from '@sendense/testkit';
import { chosenDrivers } from '@sendense/tests/drivers';

const DISK = diskId('disk');
const SLOT = { bus: 'virtio', controller: 0, unit: 0 } as const;

const fresh = { untouched: 'zero', endpoint: false, copyFrom: true } as const;
const whole = { ...fresh, order: 'ascending', rewritable: false, durable: false } as const;

/** What the writer of each format offers: a raw file takes bytes in any order, the others are made in one go. */
export const writers = {
  raw: { ...fresh, order: 'random', rewritable: true, durable: true },
  qcow2: whole,
  vmdk: whole,
  vhd: whole,
  vhdx: whole,
} as const;

/** The plan for one disk of `sizeBytes`. */
async function planFor(options: ImageTargetOptions, sizeBytes: number): Promise<RestorePlan> {
  const report = await createImageTarget(options).check({
    spec: {
      schema: 1,
      name: 'm',
      platform: 'image',
      firmware: 'unknown',
      architecture: 'unknown',
      disks: [],
      nics: [],
    },
    disks: [{ id: DISK, number: 0, slot: SLOT, sizeBytes, sectorBytes: 512 }],
    into: 'disks-only',
    overwrite: false,
    start: false,
    options: {},
  });
  if (report.plan === null) throw new Error(JSON.stringify(report.findings));
  return report.plan;
}

/** The writer of a one-disk restore to a new file of `format`; a later attempt resumes from the saved state. */
export async function openWriterFixture(format: DiskFormat, sizeBytes: number): Promise<WriterFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-target-'));
  const options = { path: join(folder, 'disk'), format };
  const plan = await planFor(options, sizeBytes);
  let saved: RestoreState | undefined;
  const begin = (resume?: RestoreState) =>
    createImageTarget(options, { drivers: chosenDrivers() }).begin(plan, {
      fence: soloFence,
      save: async (state) => {
        saved = structuredClone(state);
      },
      ...(resume === undefined ? {} : { resume }),
    });
  const restore = await begin();
  const writerOf = (disks: ReadonlyMap<string, BlockWriter>): BlockWriter => {
    const writer = disks.get(DISK);
    if (writer === undefined) throw new Error('no writer');
    return writer;
  };
  return {
    writer: writerOf(restore.disks),
    stored: () => readBack(restore, sizeBytes),
    resume: async () => {
      await restore[Symbol.asyncDispose]();
      return writerOf((await begin(saved)).disks);
    },
    [Symbol.asyncDispose]: async () => {
      await restore[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** What was flushed; before the first flush a QCOW2 file is no image, and nothing is stored. */
async function readBack(restore: RestoreWriter, sizeBytes: number): Promise<BlockReader> {
  try {
    return (await restore.readBack?.(DISK)) ?? openMemoryReader(new DiskContent(sizeBytes));
  } catch (error) {
    if (!SendenseError.is(error, 'FORMAT_INVALID')) throw error;
    return openMemoryReader(new DiskContent(sizeBytes));
  }
}

/** A target over a new folder. */
export async function openTargetFixture(format: 'raw' | 'qcow2'): Promise<TargetFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-target-'));
  const path = `${join(folder, 'disks')}/`;
  await mkdir(path);
  const open = () => createImageTarget({ path, format }, { drivers: chosenDrivers() });
  return {
    target: open(),
    options: {},
    restored: async ({ disks }, number) => await openDiskImage(disks[number]?.location ?? '', { format }),
    reopen: async () => open(),
    objects: () => readdir(path),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
