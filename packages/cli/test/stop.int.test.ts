import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCatalog } from '@sendense/catalog';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ctlJson, jsonOf, type Running, runCtl, startCtl } from './run-ctl.ts';
import { makeDisk } from './sample-disk.ts';

const MIB = 1 << 20;
/** So slow that a job never ends before it is stopped. */
const SLOW = ['--rate', '64K'];
const repository = ['--repository', 'backups'];
const backup = ['backup', 'start', '--source', 'image:disk.raw', ...repository];

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sendense-cli-'));
  await makeDisk(join(home, 'disk.raw'), 16 * MIB);
  await ctlJson(home, ['repository', 'init', ...repository]);
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** Starts a verb and waits until its job has written something. */
async function startJob(args: readonly string[], file: string): Promise<{ running: Running; job: string }> {
  const running = startCtl(home, [...args, '--json']);
  await using catalog = await openCatalog({ path: join(home, '.local/state/sendense/catalog.sqlite') });
  const job = await vi.waitFor(
    async () => {
      const names = await readdir(home, { recursive: true });
      if (!names.some((name) => name.includes(file))) throw new Error(`no ${file} yet: ${running.stderr()}`);
      const [found] = await catalog.jobs.list({ status: 'running' });
      if (found === undefined) throw new Error(`no job is running: ${running.stderr()}`);
      return found.id;
    },
    { timeout: 60_000, interval: 50 },
  );
  return { running, job };
}

async function backedUp(): Promise<readonly string[]> {
  const { pointId } = await ctlJson(home, backup);
  return ['restore', 'start', ...repository, '--backup-id', String(pointId), '--format', 'raw'];
}

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('abandons a backup cleanly on %s', async (signal, code) => {
  const { running, job } = await startJob([...backup, ...SLOW], '.partial');
  running.child.kill(signal);
  const run = await running.end;
  expect(run.code).toBe(code);
  expect(jsonOf(run)).toMatchObject({ error: { code: 'ABORTED' } });
  expect(await ctlJson(home, ['backup', 'list', ...repository])).toEqual({ points: [] });
  const left = await readdir(join(home, 'backups'), { recursive: true });
  expect(left.filter((name) => name.includes('.partial') || name.endsWith('.qcow2'))).toEqual([]);
  const { jobs } = await ctlJson(home, ['jobs', 'list']);
  expect(jobs).toMatchObject([{ id: job, status: 'cancelled', error: { code: 'ABORTED' } }]);
  expect(await ctlJson(home, backup)).toMatchObject({ kind: 'full', reason: 'first-backup' });
});

it('refuses a second backup of the machine while one runs, and cancels the first by its job', async () => {
  const { running, job } = await startJob([...backup, ...SLOW], '.partial');
  const second = await runCtl(home, [...backup, '--json']);
  expect([second.code, jsonOf(second)]).toMatchObject([1, { error: { code: 'LOCKED', retry: 'later' } }]);
  expect(await ctlJson(home, ['jobs', 'cancel', '--job', job])).toMatchObject({
    jobId: job,
    requested: true,
  });
  const run = await running.end;
  expect([run.code, jsonOf(run)]).toMatchObject([1, { error: { code: 'ABORTED' } }]);
  expect(await ctlJson(home, ['jobs', 'cancel', '--job', job])).toMatchObject({ state: 'cancelled' });
});

it('takes over from a backup that was killed', async () => {
  const { running, job } = await startJob([...backup, ...SLOW], '.partial');
  running.child.kill('SIGKILL');
  await running.end;
  expect(await ctlJson(home, backup)).toMatchObject({ kind: 'full' });
  const { jobs } = await ctlJson(home, ['jobs', 'list']);
  expect(jobs).toMatchObject([
    { id: job, status: 'failed', error: { code: 'CONNECTION_LOST' } },
    { status: 'completed' },
  ]);
});

it('resumes a restore that was killed', async () => {
  const restore = [...(await backedUp()), '--target', 'image:restored.raw'];
  const { running, job } = await startJob([...restore, ...SLOW], 'restored.raw');
  running.child.kill('SIGKILL');
  await running.end;
  expect(await ctlJson(home, ['restore', 'show', '--job', job])).toMatchObject({ state: 'interrupted' });
  const resumed = await ctlJson(home, ['restore', 'resume', '--job', job]);
  expect(resumed).toMatchObject({ state: 'completed', percent: 100 });
  const restored = await readFile(join(home, 'restored.raw'));
  expect(restored.equals(await readFile(join(home, 'disk.raw')))).toBe(true);
});

it('rolls a restore back that was interrupted', async () => {
  const restore = [...(await backedUp()), '--target', 'image:restored.raw'];
  const { running, job } = await startJob([...restore, ...SLOW], 'restored.raw');
  running.child.kill('SIGINT');
  expect((await running.end).code).toBe(130);
  const { removed } = await ctlJson(home, ['restore', 'rollback', '--job', job]);
  expect(removed).not.toEqual([]);
  expect((await readdir(home)).filter((name) => name.includes('restored'))).toEqual([]);
});
