import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  diskId,
  guardTarget,
  isRestoreGone,
  type RestorePlan,
  type RestoreRun,
  type RestoreState,
} from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ImageTargetOptions } from './options.ts';
import { createImageTarget } from './target-image.ts';

const MIB = 1024 * 1024;
const SLOT = { bus: 'virtio', controller: 0, unit: 0 } as const;

let root: string;
let share: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sendense-target-'));
  share = join(root, 'share');
  await mkdir(share);
});
afterEach(() => rm(root, { recursive: true }));

const target = (options: Partial<ImageTargetOptions> = {}) =>
  guardTarget(createImageTarget({ path: share, format: 'raw', ...options }));

/** Restores two disks up to their commit, or over it; gives what is needed to go on. */
async function begun(options: Partial<ImageTargetOptions> = {}, commits = false) {
  const { plan } = await target(options).check({
    spec: {
      schema: 1,
      name: 'm',
      platform: 'qemu',
      firmware: 'uefi',
      architecture: 'unknown',
      disks: [],
      nics: [],
    },
    disks: [0, 1].map((number) => {
      return { id: diskId(`d${number}`), number, slot: SLOT, sizeBytes: MIB, sectorBytes: 512 };
    }),
    into: 'disks-only',
    overwrite: false,
    start: false,
    options: {},
  });
  if (plan === null) throw new Error('the restore is possible');
  let resume: RestoreState | undefined;
  const save = async (state: RestoreState) => {
    resume = state;
  };
  {
    await using writer = await target(options).begin(plan, { fence: soloFence, save });
    for (const disk of writer.disks.values()) await disk.flush();
    if (commits) await writer.commit();
  }
  if (resume === undefined) throw new Error('nothing was saved');
  return { plan, run: { fence: soloFence, save, resume } satisfies RestoreRun };
}

const partial = ({ id }: RestorePlan, number: number): string =>
  join(share, `disk-${number}.raw.partial-${id}`);

describe('a rollback', () => {
  it.each([0, 1])('removes and tells what is left when the file of disk %i is gone', async (gone) => {
    const { plan, run } = await begun();
    await rm(partial(plan, gone));
    await using writer = await target().begin(plan, { ...run, undo: true });
    expect(await writer.rollback()).toEqual({
      removed: [partial(plan, 1 - gone)],
      findings: [],
      undone: true,
    });
    expect(await readdir(share)).toEqual([]);
    expect(await writer.rollback()).toEqual({ removed: [], findings: [], undone: true });
  });

  it('is not done while files stay that have their names', async () => {
    const { plan, run } = await begun({}, true);
    await using writer = await target().begin(plan, { ...run, undo: true });
    const { undone, findings } = await writer.rollback();
    expect(undone).toBe(false);
    expect(findings.map(({ code }) => code)).toEqual(['restored-file-stays', 'restored-file-stays']);
    expect(await readdir(share)).toEqual(['disk-0.raw', 'disk-1.raw']);
  });

  it.each(['folder', 'folder/'])(
    'does not take a share that is not mounted for an empty one: %s',
    async (path) => {
      const options = { path: join(share, path) + (path.endsWith('/') ? '/' : '') };
      await mkdir(join(share, 'folder'));
      const { plan, run } = await begun(options);
      await rename(share, `${share}-elsewhere`);
      await mkdir(share);
      const rollback = target(options).begin(plan, { ...run, undo: true });
      await expect(rollback).rejects.toMatchObject({ code: 'NOT_FOUND', operation: 'find-destination' });
      const resumed = await target(options)
        .begin(plan, run)
        .catch((error: unknown) => error);
      expect(resumed).toMatchObject({ code: 'NOT_FOUND' });
      expect(isRestoreGone(resumed, plan.id)).toBe(false);
      expect(await readdir(share)).toEqual([]);
      await rm(share, { recursive: true });
      await rename(`${share}-elsewhere`, share);
      await using writer = await target(options).begin(plan, { ...run, undo: true });
      expect((await writer.rollback()).removed).toHaveLength(2);
    },
  );

  it('has nothing to do where the folder is gone that the restore made', async () => {
    const options = { path: `${join(share, 'new')}/` };
    const { plan, run } = await begun(options);
    await rm(join(share, 'new'), { recursive: true });
    await using writer = await target(options).begin(plan, { ...run, undo: true });
    expect(await writer.rollback()).toEqual({ removed: [], findings: [], undone: true });
  });
});

it('a restore one of whose files is gone may start over, as one of no other plan', async () => {
  const { plan, run } = await begun();
  await rm(partial(plan, 1));
  const error = await target()
    .begin(plan, run)
    .catch((thrown: unknown) => thrown);
  expect(isRestoreGone(error, plan.id)).toBe(true);
  expect(isRestoreGone(error, 'sendense-other' as typeof plan.id)).toBe(false);
});
