import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RestorePlan, RestoreState, TargetConnector } from '@sendense/core';
import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { planOf, requestOf, runOf, send, type TestRun } from './restore-work.ts';
import { useBench } from './vcenter-bench.ts';

const DISKS = [seededBytes(11, 2 ** 20), seededBytes(12, 2 ** 20)];

/** Nothing is kept. */
const KEEP = { owner: 'sendense', states: [], captures: [], restores: [], replicas: [], graceMs: 0 };

type Saved = { readonly phase: string; readonly disks: Readonly<Record<string, { state: string }>> };

const stateOf = ({ phase, disks }: Saved, disk: string): string => `${phase} ${disks[disk]?.state}`;

/** Where a process dies: at which save, and whether it is saved. */
const DEATHS = [
  ['before a disk is moved', 'disk-0', 'disks whole', true],
  ['when the move of a disk was begun', 'disk-0', 'disks placing', true],
  ['when a disk was moved and that is not saved', 'disk-0', 'disks placed', false],
  ['when all disks were moved', 'disk-1', 'disks placed', true],
  ['when all disks are on their controllers', 'disk-1', 'name placed', true],
] as const;

describeWithPeers(['test-vcenter'], 'the folder of a machine that is not finished', () => {
  const bench = useBench();
  let target: TargetConnector;
  let plan: RestorePlan;
  beforeEach(async () => {
    target = bench().target();
    plan = await planOf(target, requestOf(DISKS));
  });
  afterEach(() => bench().clear());

  /** A restore whose process dies at a save; nothing of it is disposed of. */
  async function die(disk: string, at: string, isSaved: boolean): Promise<TestRun> {
    const run = runOf();
    const dying: TestRun = {
      ...run,
      async save(state: RestoreState) {
        const isLast = stateOf(state.data as Saved, disk) === at;
        if (!isLast || isSaved) await run.save(state);
        if (isLast) throw new Error('the process died');
      },
    };
    const writer = await target.begin(plan, dying);
    await send(writer, DISKS);
    await expect(writer.commit()).rejects.toThrow('the process died');
    return run;
  }

  /** Somebody puts files of his own into the folder, one of them as large as a disk. Resolves with their names. */
  async function useFolder(): Promise<readonly string[]> {
    const names = [
      'letter.txt',
      'data.vmdk',
      'data-flat.vmdk',
      'other.nvram',
      'other.log',
      'kept/letter.txt',
    ];
    for (const name of names) {
      const path = join(bench().server.datastoreDir, 'restored', name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, name);
    }
    return names.map((name) => `restored/${name}`);
  }

  /** A commit that finds a disk of somebody else where the first of ours is to go. */
  async function meetTheirs(): Promise<TestRun> {
    const run = runOf();
    const writer = await target.begin(plan, {
      ...run,
      async save(state) {
        await run.save(state);
        if (stateOf(state.data as Saved, 'disk-0') !== 'disks whole') return;
        for (const name of ['restored.vmdk', 'restored-flat.vmdk'])
          await writeFile(join(bench().server.datastoreDir, 'restored', name), 'theirs');
      },
    });
    await send(writer, DISKS);
    await expect(writer.commit()).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    return run;
  }

  /** All files of the datastore, and the machines that were made. */
  async function left(): Promise<{
    readonly files: readonly string[];
    readonly machines: readonly string[];
  }> {
    const { datastoreDir } = bench().server;
    const entries = await readdir(datastoreDir, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    const ours = files
      .map((file) => file.slice(datastoreDir.length + 1))
      .filter((file) => /^(?:restored|sendense)/.test(file));
    return {
      files: ours.toSorted(),
      machines: (await bench().objects()).filter((name) => !name.includes('/')),
    };
  }

  it.each(DEATHS)(
    'keeps what others put there, and nothing of the restore, in a rollback: %s',
    async (_when, ...death) => {
      const run = await die(...death);
      const theirs = await useFolder();
      await using later = bench().target();
      await using writer = await later.begin(plan, runOf(run));
      expect(await writer.rollback()).toMatchObject({ findings: [] });
      expect(await left()).toEqual({ files: theirs.toSorted(), machines: [] });
    },
  );

  it.each(DEATHS)(
    'keeps what others put there, and nothing of the restore, in a reconcile: %s',
    async (_when, ...death) => {
      await die(...death);
      const theirs = await useFolder();
      await using later = bench().target();
      expect(await later.reconcile(KEEP)).toMatchObject({ findings: [] });
      expect(await left()).toEqual({ files: theirs.toSorted(), machines: [] });
    },
  );

  it('keeps the disks that were moved there when somebody has removed the machine, which a rollback tells', async () => {
    const run = await die('disk-1', 'disks placed', true);
    await bench().remove('restored');
    await using later = bench().target();
    await using writer = await later.begin(plan, runOf(run));
    const { findings } = await writer.rollback();
    expect(findings.map(({ code, object }) => [code, object])).toEqual([
      ['restored-disk-stays', '[LocalDS_0] restored/restored.vmdk'],
      ['restored-disk-stays', '[LocalDS_0] restored/restored_1.vmdk'],
    ]);
    expect((await left()).machines).toEqual([]);
  });

  it('keeps a disk that has the name of ours when the restore is resumed, which ends once that is out of the way', async () => {
    const run = await meetTheirs();
    await using later = bench().target();
    await using writer = await later.begin(plan, runOf(run));
    await expect(writer.commit()).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    const folder = join(bench().server.datastoreDir, 'restored');
    expect(await readFile(join(folder, 'restored-flat.vmdk'), 'utf8')).toBe('theirs');
    for (const name of ['restored.vmdk', 'restored-flat.vmdk']) await rm(join(folder, name));
    await writer.commit();
    for (const [number, bytes] of DISKS.entries())
      expect((await bench().content('restored', number)).equals(Buffer.from(bytes))).toBe(true);
  });

  it.each(['rollback', 'reconcile'] as const)(
    'keeps a disk that has the name of ours in a %s',
    async (way) => {
      const run = await meetTheirs();
      await using later = bench().target();
      if (way === 'rollback') await (await later.begin(plan, runOf(run))).rollback();
      else await later.reconcile(KEEP);
      expect(await left()).toEqual({
        files: ['restored/restored-flat.vmdk', 'restored/restored.vmdk'],
        machines: [],
      });
      const path = join(bench().server.datastoreDir, 'restored', 'restored-flat.vmdk');
      expect(await readFile(path, 'utf8')).toBe('theirs');
    },
  );
});
