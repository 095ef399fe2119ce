import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guardTarget, isRestoreGone } from '@sendense/core';
import { createQemuTarget } from '@sendense/target-qemu';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeLibvirt } from './fake-libvirt.ts';
import { bootRequest, Journal, planOf, restoreBoot } from './live-host.ts';

let root: string;
let folder: string;
let libvirt: FakeLibvirt;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sendense-target-'));
  folder = join(root, 'images');
  await mkdir(folder);
  libvirt = new FakeLibvirt();
});
afterEach(() => rm(root, { recursive: true }));

const target = () =>
  guardTarget(createQemuTarget({ name: 'web', folder }, { virsh: libvirt.open(), temporaryDirectory: root }));

/** A restore of two disks that was begun, and whose process is gone. */
async function begun() {
  const plan = await planOf(target(), bootRequest(2, {}, 65_536));
  const journal = new Journal();
  await using writer = await target().begin(plan, journal.run());
  for (const disk of writer.disks.values()) await disk.flush();
  return { plan, journal };
}

describe('a rollback', () => {
  it.each([0, 1])('removes and tells what is left when the file of disk %i is gone', async (gone) => {
    const { plan, journal } = await begun();
    const files = (await readdir(folder)).toSorted().map((name) => join(folder, name));
    expect(files).toHaveLength(2);
    await rm(files[gone] ?? '');
    await using writer = await target().begin(plan, { ...journal.run(), undo: true });
    expect(await writer.rollback()).toEqual({ removed: [files[1 - gone]], findings: [], undone: true });
    expect(await readdir(folder)).toEqual([]);
  });

  it('makes no file of a disk that was not begun', async () => {
    const plan = await planOf(target(), bootRequest(2, {}, 65_536));
    const journal = new Journal();
    // the step, then the first disk; the process ends in the second
    journal.failAt = 2;
    await expect(target().begin(plan, journal.run())).rejects.toThrow('the process ended here');
    expect(journal.saved?.data).toMatchObject({ disks: { [plan.disks[0]?.id ?? '']: {} } });
    expect(journal.saved?.data).not.toHaveProperty(['disks', plan.disks[1]?.id ?? '']);
    const later = new Journal();
    later.saved = journal.saved;
    await using writer = await target().begin(plan, { ...later.run(), undo: true });
    expect(await readdir(folder)).toEqual([]);
    expect((await writer.rollback()).undone).toBe(true);
  });

  it('does not take a folder that is not there for an empty one', async () => {
    const { plan, journal } = await begun();
    await rm(folder, { recursive: true });
    const rollback = target().begin(plan, { ...journal.run(), undo: true });
    await expect(rollback).rejects.toMatchObject({ code: 'NOT_FOUND', operation: 'find-destination' });
  });

  it('is not done when the restore is complete', async () => {
    const plan = await planOf(target(), bootRequest(1, {}, 65_536));
    const journal = new Journal();
    await restoreBoot(target(), plan, journal);
    await using writer = await target().begin(plan, { ...journal.run(), undo: true });
    expect(await writer.rollback()).toMatchObject({
      removed: [],
      findings: [{ code: 'restored-machine-stays' }],
      undone: false,
    });
  });
});

describe('a restore one of whose files is gone', () => {
  it('may start over while it has made no machine', async () => {
    const { plan, journal } = await begun();
    const [file = ''] = await readdir(folder);
    await rm(join(folder, file));
    const error = await target()
      .begin(plan, journal.run())
      .catch((thrown: unknown) => thrown);
    expect(isRestoreGone(error, plan.id)).toBe(true);
  });

  it('does not start over once it may have replaced a definition, which it alone remembers', async () => {
    await restoreBoot(target(), await planOf(target(), bootRequest(1, {}, 65_536)));
    const plan = await planOf(target(), bootRequest(1, { overwrite: true }, 65_536));
    const journal = new Journal();
    const run = journal.run();
    const save: typeof run.save = async (state) => {
      if ((state.data as { phase: string }).phase === 'committed') throw new Error('the process ended here');
      await run.save(state);
    };
    const dying = Object.assign(new Journal(), { run: () => ({ ...run, save }) });
    await expect(restoreBoot(target(), plan, dying)).rejects.toThrow('the process ended here');
    for (const name of await readdir(folder)) await rm(join(folder, name));
    const error = await target()
      .begin(plan, journal.run())
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'NOT_FOUND', remedy: expect.stringContaining('roll') });
    expect(isRestoreGone(error, plan.id)).toBe(false);
    await using writer = await target().begin(plan, { ...journal.run(), undo: true });
    expect(await writer.rollback()).toMatchObject({ undone: true });
    expect(libvirt.domains.size).toBe(1);
  });
});
