import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ctlJson, jsonOf, runCtl } from './run-ctl.ts';
import { changeDisk, makeDisk, noise } from './sample-disk.ts';

const MIB = 1 << 20;
let home = '';
const repository = ['--repository', 'main'];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sendense-cli-'));
  await mkdir(join(home, 'machine'));
  for (const name of ['a.raw', 'b.raw']) await makeDisk(join(home, 'machine', name), MIB, name);
  await makeDisk(join(home, 'other.raw'), MIB, 'other');
  await mkdir(join(home, '.config/sendense'), { recursive: true });
  const config = {
    sources: { two: `image:${join(home, 'machine')}`, other: { at: 'image:other.raw', machineName: 'db' } },
    repositories: { main: 'local:backups' },
    targets: { scratch: { at: 'image:scratch/', format: 'raw' } },
  };
  await writeFile(join(home, '.config/sendense/config.json'), JSON.stringify(config));
  await ctlJson(home, ['repository', 'init', ...repository]);
}, 60_000);
afterAll(() => rm(home, { recursive: true, force: true }));

it('takes sources, repositories and targets by their names, and several disks', async () => {
  const made = await ctlJson(home, ['backup', 'start', '--vm', 'two', ...repository, '--note', 'first']);
  expect(made).toMatchObject({ kind: 'full', disks: [{ id: 'disk-0' }, { id: 'disk-1' }] });
  const point = ['--backup-id', String(made.pointId), ...repository];
  expect(await ctlJson(home, ['backup', 'show', ...point])).toMatchObject({ note: 'first' });
  await ctlJson(home, ['restore', 'start', ...point, '--target', 'scratch']);
  for (const [number, name] of ['a.raw', 'b.raw'].entries()) {
    const restored = await readFile(join(home, 'scratch', `disk-${number}.raw`));
    expect(restored.equals(await readFile(join(home, 'machine', name)))).toBe(true);
  }
}, 60_000);

it('names an excluded disk as skipped', async () => {
  const start = ['backup', 'start', '--source', 'two', ...repository, '--exclude-disk', 'disk-1'];
  const made = await ctlJson(home, start);
  expect(made).toMatchObject({ disks: [{ id: 'disk-0' }], skipped: [{ reason: expect.any(String) }] });
}, 60_000);

it('fails an increment that can only be a full, unless a full is allowed', async () => {
  const start = ['backup', 'start', '--source', 'other', ...repository, '--type', 'incremental'];
  const refused = await runCtl(home, [...start, '--json']);
  expect([refused.code, jsonOf(refused)]).toMatchObject([1, { error: { remedy: expect.any(String) } }]);
  expect(await ctlJson(home, [...start, '--allow-full'])).toMatchObject({
    kind: 'full',
    reason: 'first-backup',
    machineName: 'db',
  });
  await changeDisk(join(home, 'other.raw'), 0, 1000, 'x');
  expect(await ctlJson(home, start)).toMatchObject({ kind: 'incremental', reason: null });
}, 60_000);

it('keeps the machine key that was asked for', async () => {
  const key = '0f8fad5b-d9cb-469f-a165-70867728950e';
  const start = ['backup', 'start', '--source', 'image:other.raw', ...repository, '--machine-id', key];
  expect(await ctlJson(home, start)).toMatchObject({ machine: key });
  const { points } = await ctlJson(home, ['backup', 'list', '--vm', key, ...repository]);
  expect(points).toMatchObject([{ machine: key }]);
}, 60_000);

it('gives both lists when one of several machines fails', async () => {
  const sources = ['--source', 'two', '--source', 'other', '--exclude-disk', 'b.raw'];
  const run = await ctlJson(home, ['backup', 'start', ...sources, ...repository], 1);
  expect(run).toMatchObject({
    results: [{ disks: [{ id: 'disk-0' }] }],
    failures: [{ machine: expect.any(String), error: { code: 'CONFIG_INVALID' } }],
  });
}, 60_000);

it('runs the hooks around the instant, and fails with one that fails', async () => {
  const start = ['backup', 'start', '--source', 'other', ...repository];
  const hooks = ['--pre-freeze', 'echo pre >> hooks', '--post-freeze', 'echo post >> hooks'];
  await ctlJson(home, [...start, ...hooks]);
  expect(await readFile(join(home, 'hooks'), 'utf8')).toBe('pre\npost\n');
  const failed = await runCtl(home, [...start, '--pre-freeze', 'exit 3', '--json']);
  expect([failed.code, jsonOf(failed)]).toMatchObject([1, { error: { code: 'QUIESCE_FAILED' } }]);
}, 60_000);

it('fails when the wanted consistency cannot be had, unless a weaker one is accepted, and then says so', async () => {
  const start = ['backup', 'start', '--source', 'other', ...repository, '--consistency', 'filesystem'];
  const refused = await runCtl(home, [...start, '--json']);
  expect([refused.code, jsonOf(refused)]).toMatchObject([1, { error: { code: 'QUIESCE_FAILED' } }]);
  expect(await ctlJson(home, [...start, '--accept-consistency', 'crash'])).toMatchObject({
    consistency: 'crash',
    findings: expect.arrayContaining([expect.objectContaining({ code: 'consistency-weakened' })]),
  });
  const stronger = await runCtl(home, [...start, '--accept-consistency', 'application', '--json']);
  expect([stronger.code, jsonOf(stronger)]).toMatchObject([2, { error: { code: 'CONFIG_INVALID' } }]);
}, 60_000);

it('ends with 3 and names the damage that verify finds', async () => {
  const { points } = await ctlJson(home, ['backup', 'list', '--vm', 'db', ...repository]);
  const [first] = points as { id: string; disks: { path: string }[] }[];
  const path = first?.disks[0]?.path ?? '';
  const intact = await readFile(path);
  await changeDisk(path, intact.length - 70_000, 16, 'damage');
  const found = await ctlJson(home, ['verify', ...repository, '--backup-id', String(first?.id)], 3);
  expect(found).toMatchObject({
    findings: expect.arrayContaining([
      expect.objectContaining({ severity: 'error', pointId: first?.id, object: expect.any(String) }),
    ]),
  });
  await writeFile(path, intact);
  expect(await ctlJson(home, ['verify', ...repository])).toMatchObject({ checkedBytes: expect.any(Number) });
}, 60_000);

it('says CORRUPT for a damaged catalog, and rebuilds it beside the damaged file', async () => {
  const state = join(home, '.local/state/sendense');
  const before = await ctlJson(home, ['backup', 'list', ...repository]);
  await writeFile(join(state, 'catalog.sqlite'), noise(8192, 'damage'));
  const refused = await runCtl(home, ['jobs', 'list', '--json']);
  expect([refused.code, jsonOf(refused)]).toMatchObject([
    3,
    { error: { code: 'CORRUPT', remedy: expect.stringContaining('rebuild-catalog') } },
  ]);
  const rebuilt = await ctlJson(home, ['repository', 'rebuild-catalog', ...repository]);
  expect(rebuilt).toMatchObject({ points: (before.points as unknown[]).length, machines: 3 });
  expect((await readdir(state)).some((name) => name.includes('damaged'))).toBe(true);
  expect(await ctlJson(home, ['jobs', 'list'])).toEqual({ jobs: [] });
  // without the flag: the only repository that is known
  expect(await ctlJson(home, ['backup', 'list'])).toEqual(before);
}, 60_000);

it('backs up several machines by several processes at once', async () => {
  const names = ['p.raw', 'q.raw', 'r.raw'];
  for (const name of names) await makeDisk(join(home, name), MIB, name);
  const start = (name: string) => ['backup', 'start', '--source', `image:${name}`, ...repository];
  const made = await Promise.all(names.map((name) => ctlJson(home, start(name))));
  expect(made.map(({ kind }) => kind)).toEqual(['full', 'full', 'full']);
  const { points } = await ctlJson(home, ['backup', 'list', ...repository]);
  const ids = (points as { id: string }[]).map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(made.map(({ pointId }) => pointId)));
}, 60_000);

it('tells in doctor what is wrong and what to do', async () => {
  const { checks } = await ctlJson(home, ['doctor', '--state-dir', 'other.raw/x'], 1);
  expect(checks).toContainEqual(
    expect.objectContaining({
      name: 'state-directory',
      ok: false,
      remedy: expect.stringContaining('folder'),
    }),
  );
}, 60_000);

it('keeps its state readable by the owner only', async () => {
  const state = join(home, '.local/state/sendense');
  expect((await stat(state)).mode & 0o077).toBe(0);
  for (const name of await readdir(state)) expect((await stat(join(state, name))).mode & 0o077).toBe(0);
});

it('shows no credential of an argument, and refuses it', async () => {
  const run = await runCtl(home, ['backup', 'list', '--repository', 's3://me:hunter2@bucket', '--json']);
  expect([run.code, jsonOf(run)]).toMatchObject([2, { error: { code: 'CONFIG_INVALID' } }]);
  expect(run.stdout + run.stderr).not.toContain('hunter2');
}, 60_000);
