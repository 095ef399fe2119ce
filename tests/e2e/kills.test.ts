import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { expect, it } from 'vitest';
import { ctlJson, jsonOf, runCtl, startCtl } from '../../packages/cli/test/run-ctl.ts';
import { Machine } from './machine.ts';
import { preload } from './preload/index.ts';
import { CLUSTER_BYTES, compareImages } from './qemu.ts';
import { randomWrites } from './random-writes.ts';

const DISK_BYTES = 8 * 2 ** 20;
const KILLS = Math.ceil(20 * testScale());
const REPOSITORY = 'backups';
const BACKUP = ['backup', 'start', '--source', 'image:disk.qcow2'];

/** Runs a verb that kills itself where `env` says; resolves with the signal that ended it. */
async function runMortal(
  machine: Machine,
  args: readonly string[],
  env: Record<string, string>,
): Promise<string | null> {
  const running = startCtl(machine.home, [...args, '--repository', REPOSITORY, '--json'], {
    ...preload('kill-at'),
    ...env,
  });
  const { code, stdout, stderr } = await running.end;
  if (code !== 0 && code !== null)
    throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  return running.child.signalCode;
}

/** A verb to kill, and what must be done and hold after it. */
type Story = {
  readonly args: (machine: Machine) => Promise<readonly string[]>;
  readonly after: (machine: Machine, killed: readonly string[]) => Promise<void>;
};

const newest = async (machine: Machine): Promise<string> =>
  (await machine.points(REPOSITORY)).at(-1)?.id ?? '';

/** An interrupted restore is resumed; one that had not begun, or was complete, is made again. */
async function finishRestore(machine: Machine, killed: readonly string[]): Promise<void> {
  const { jobs } = (await ctlJson(machine.home, ['jobs', 'list'])) as {
    jobs: { id: string; kind: string }[];
  };
  const last = jobs.findLast(({ kind }) => kind === 'restore');
  if (last !== undefined) {
    const shown = await runCtl(machine.home, ['restore', 'show', '--job', last.id, '--json']);
    if (shown.code === 0 && jsonOf(shown).state === 'interrupted') {
      expect(await ctlJson(machine.home, ['restore', 'resume', '--job', last.id])).toMatchObject({
        state: 'completed',
      });
      return;
    }
  }
  await machine.ctl(REPOSITORY, ...killed, '--overwrite');
}

/** Stories need a chain of at least three points; each leaves at least one more than it found, or two. */
const stories: Readonly<Record<string, Story>> = {
  backup: {
    args: async () => BACKUP,
    async after(machine) {
      for (const { id } of await machine.points(REPOSITORY)) if (!machine.knows(id)) machine.holdsNow(id);
    },
  },
  restore: {
    args: async (machine) => [
      'restore',
      'start',
      '--backup-id',
      await newest(machine),
      '--target',
      'image:r.raw',
    ],
    async after(machine, killed) {
      await finishRestore(machine, killed);
      const file = path.join(machine.home, 'r.raw');
      const truth = { path: machine.truthOf(killed[3] ?? ''), format: 'raw' } as const;
      expect(await compareImages(truth, { path: file, format: 'raw' })).toBe('Images are identical.');
      await rm(file);
    },
  },
  consolidate: {
    args: async (machine) => ['backup', 'consolidate', '--backup-id', await newest(machine)],
    async after(machine, killed) {
      await machine.ctl(REPOSITORY, ...killed);
    },
  },
  prune: {
    args: async () => ['prune', '--keep-last', '2'],
    async after(machine, killed) {
      const left = (await machine.points(REPOSITORY)).slice(-2).map(({ id }) => id);
      await machine.ctl(REPOSITORY, ...killed);
      expect((await machine.points(REPOSITORY)).map(({ id }) => id)).toEqual(left);
    },
  },
};

/** How many moments a verb has, told by a run to its end. */
async function countMoments(machine: Machine, args: readonly string[]): Promise<number> {
  const file = path.join(machine.home, 'moments');
  expect(await runMortal(machine, args, { SENDENSE_MOMENTS_FILE: file })).toBeNull();
  return Number(await readFile(file, 'utf8'));
}

describeWithPeers(['qemu-img', 'qemu-io'], 'sendense-ctl killed by SIGKILL', () => {
  it(`loses no committed point and goes on by increments (${KILLS} kills, seed ${testSeed()})`, async () => {
    const random = seededRandom(testSeed());
    await using machine = await Machine.create(DISK_BYTES);
    await machine.ctl(REPOSITORY, 'repository', 'init');
    const addPoint = async () => {
      await machine.write(randomWrites(random, DISK_BYTES));
      return machine.backup(REPOSITORY);
    };
    for (let point = 0; point < 3; point++) await addPoint();
    const moments = new Map<string, number>();
    let kills = 0;
    for (let round = 0; kills < KILLS; round++) {
      const [name = '', story] = Object.entries(stories)[round % 4] ?? [];
      if (story === undefined) break;
      await machine.write(randomWrites(random, DISK_BYTES));
      const args = await story.args(machine);
      const known = moments.get(name);
      if (known === undefined) moments.set(name, await countMoments(machine, args));
      else {
        const at = 1 + seededInteger(random, known);
        const signal = await runMortal(machine, args, { SENDENSE_KILL_AT: String(at) });
        if (signal === 'SIGKILL') kills += 1;
        process.stderr.write(
          `${name} killed at moment ${at} of about ${known}: ${signal ?? 'it ended before'}\n`,
        );
      }
      if (name === 'backup') await story.after(machine, args);
      expect(await machine.differences(REPOSITORY)).toEqual([]);
      if (name !== 'backup') await story.after(machine, args);
      expect(await addPoint()).toMatchObject({ kind: 'incremental' });
      expect(await machine.differences(REPOSITORY)).toEqual([]);
      expect(round, 'most runs must be killed').toBeLessThan(2 * KILLS + 8);
    }
    process.stderr.write(
      `${kills} kills; moments of each verb: ${JSON.stringify(Object.fromEntries(moments))}\n`,
    );
    expect(await machine.ctl(REPOSITORY, 'verify')).toMatchObject({ findings: [] });
  });

  it('between the point record and the commit of the source goes on by an increment that misses nothing', async () => {
    await using machine = await Machine.create(DISK_BYTES);
    await machine.ctl(REPOSITORY, 'repository', 'init');
    const writeCluster = (cluster: number) =>
      machine.write([{ offset: cluster * CLUSTER_BYTES, length: CLUSTER_BYTES, value: 1 + cluster }]);
    await writeCluster(0);
    await machine.backup(REPOSITORY);
    await writeCluster(10);
    const signal = await runMortal(machine, BACKUP, { SENDENSE_KILL_AFTER: '/points/[^/]+\\.json$' });
    expect(signal).toBe('SIGKILL');
    const points = await machine.points(REPOSITORY);
    expect(points).toHaveLength(2);
    machine.holdsNow(points.at(-1)?.id ?? '');
    await writeCluster(20);
    expect(await machine.backup(REPOSITORY)).toMatchObject({
      kind: 'incremental',
      changedBytes: CLUSTER_BYTES,
    });
    expect(await machine.differences(REPOSITORY)).toEqual([]);
  });
});
