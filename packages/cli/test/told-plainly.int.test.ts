import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createQcow2 } from '@sendense/formats/qcow2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ctlJson, jsonOf, runCtl, startCtl } from './run-ctl.ts';
import { changeDisk, makeDisk } from './sample-disk.ts';

const MIB = 1 << 20;
const repository = ['--repository', 'main'];
const start = ['backup', 'start', ...repository, '--source'];
let home = '';

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sendense-cli-'));
  for (const name of ['db.raw', 'web.raw']) await makeDisk(join(home, name), MIB, name);
  await mkdir(join(home, 'two'));
  for (const name of ['a.raw', 'b.raw']) await makeDisk(join(home, 'two', name), MIB, name);
  await mkdir(join(home, '.config/sendense'), { recursive: true });
  const config = {
    sources: {
      database: 'image:db.raw',
      both: 'image:two',
      site: { at: 'image:web.raw', machineName: 'web' },
    },
    repositories: { main: 'local:backups' },
  };
  await writeFile(join(home, '.config/sendense/config.json'), JSON.stringify(config));
  await ctlJson(home, ['repository', 'init', ...repository]);
}, 60_000);
afterAll(() => rm(home, { recursive: true, force: true }));

async function errorOf(args: readonly string[], code = 1): Promise<Record<string, unknown>> {
  return (await ctlJson(home, args, code)).error as Record<string, unknown>;
}

describe('several sources', () => {
  it('are backed up but for one that is missing, which is among the failures', async () => {
    const sources = ['image:gone.raw', '--source', 'image:two'];
    const made = await ctlJson(home, [...start, ...sources], 1);
    expect(made).toMatchObject({
      results: [{ kind: 'full', machineName: 'two' }],
      failures: [{ machine: 'image:gone.raw', error: { code: 'NOT_FOUND' } }],
    });
    expect(await ctlJson(home, [...start, 'image:x', '--source', 'image:y'], 1)).toMatchObject({
      results: [],
      failures: [{ machine: 'image:x' }, { machine: 'image:y' }],
    });
  }, 60_000);

  it('are not touched when one of their names is none', async () => {
    const { points } = await ctlJson(home, ['backup', 'list', ...repository]);
    const error = await errorOf([...start, 'image:web.raw', '--source', 'web.raw'], 2);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await ctlJson(home, ['backup', 'list', ...repository])).toEqual({ points });
  }, 60_000);
});

describe('a name of the configuration', () => {
  it('means the same machine to every verb, with its disk and after it was lost', async () => {
    const { machine, pointId } = await ctlJson(home, ['backup', 'start', '--vm', 'database', ...repository]);
    const asked = async () => [
      await ctlJson(home, ['backup', 'list', '--vm', 'database', ...repository]),
      await ctlJson(home, ['backup', 'chain', '--vm', 'database', ...repository]),
      await ctlJson(home, ['prune', '--vm', 'database', '--keep-last', '1', '--dry-run', ...repository]),
    ];
    const told = [{ points: [{ machine, id: pointId }] }, { machine }, { kept: [pointId], removed: [] }];
    expect(await asked()).toMatchObject(told);
    await rename(join(home, 'db.raw'), join(home, 'lost.raw'));
    expect(await asked()).toMatchObject(told);
    await rename(join(home, 'lost.raw'), join(home, 'db.raw'));
  }, 60_000);
});

describe('a restore', () => {
  const restore = (pointId: unknown) => {
    const point = ['--backup-id', String(pointId), ...repository];
    return ['restore', 'start', ...point, '--format', 'raw', '--target'];
  };

  it('to a folder names the folder as its target', async () => {
    const { pointId } = await ctlJson(home, [...start, 'both']);
    expect(await ctlJson(home, [...restore(pointId), 'image:out/'])).toMatchObject({
      target: join(home, 'out'),
      disks: [{ path: join(home, 'out', 'disk-0.raw') }, { path: join(home, 'out', 'disk-1.raw') }],
    });
  }, 60_000);

  it('that is cancelled names its job and the verbs that go on with it or undo it', async () => {
    const { pointId } = await ctlJson(home, [...start, 'image:web.raw']);
    const running = startCtl(home, [...restore(pointId), 'image:slow.raw', '--rate', '64K', '--json']);
    // the restore is under way when its journal knows it
    let job = '';
    for (let tries = 0; job === '' && tries < 200; tries++) {
      const { jobs } = await ctlJson(home, ['jobs', 'list']);
      const found = (jobs as { id: string; kind: string; status: string }[]).find(
        ({ kind, status }) => kind === 'restore' && status === 'running',
      );
      job = found?.id ?? '';
    }
    running.child.kill('SIGINT');
    const run = await running.end;
    expect([run.code, jsonOf(run)]).toMatchObject([
      130,
      { error: { code: 'ABORTED', context: { jobId: job } } },
    ]);
    const { remedy } = jsonOf(run).error as { remedy: string };
    expect(remedy).toContain(`restore resume --job ${job}`);
    expect(remedy).toContain(`restore rollback --job ${job}`);
    expect(await ctlJson(home, ['restore', 'resume', '--job', job])).toMatchObject({ state: 'completed' });
  }, 60_000);

  it('onto a file that is there names the flag that replaces it', async () => {
    const { pointId } = await ctlJson(home, [...start, 'image:web.raw']);
    const error = await errorOf([...restore(pointId), 'image:db.raw']);
    expect(error).toMatchObject({ code: 'ALREADY_EXISTS', remedy: expect.stringContaining('--overwrite') });
    expect(error.remedy).not.toContain('resume');
  }, 60_000);
});

describe('an image', () => {
  it('with a backing file is refused with the flag that allows its folder', async () => {
    await createQcow2(join(home, 'base.qcow2'), { sizeBytes: MIB }).then((made) =>
      made[Symbol.asyncDispose](),
    );
    const backing = { file: 'base.qcow2', format: 'qcow2' } as const;
    const top = await createQcow2(join(home, 'top.qcow2'), { sizeBytes: MIB, backing });
    await top.flush();
    await top[Symbol.asyncDispose]();
    const error = await errorOf([...start, 'image:top.qcow2']);
    expect(error).toMatchObject({ code: 'PERMISSION_DENIED', remedy: expect.stringContaining('--parents') });
    expect(error.remedy).toContain(home);
  }, 60_000);

  it('that is damaged is named with what to do', async () => {
    const path = join(home, 'cut.qcow2');
    await writeFile(path, Buffer.concat([Buffer.from('QFI\xfb', 'latin1'), Buffer.alloc(60)]));
    const error = await errorOf([...start, 'image:cut.qcow2']);
    expect(error).toMatchObject({
      code: expect.stringMatching(/^FORMAT_/),
      message: expect.stringContaining(path),
      remedy: expect.any(String),
    });
  }, 60_000);
});

describe('a backup', () => {
  it('calls a skipped disk as it calls the others', async () => {
    const made = await ctlJson(home, [...start, 'both', '--exclude-disk', 'disk-1']);
    expect(made).toMatchObject({
      disks: [{ id: 'disk-0' }],
      skipped: [{ id: 'disk-1', diskId: join(home, 'two', 'b.raw') }],
    });
    const forecast = await ctlJson(home, [...start, 'both', '--exclude-disk', '1', '--dry-run']);
    expect(forecast).toMatchObject({ skipped: [{ id: 'disk-1' }] });
  }, 60_000);

  it('of a raw image says beforehand that its size is only the most it can be, and why', async () => {
    await ctlJson(home, [...start, 'site']);
    await changeDisk(join(home, 'web.raw'), 0, 100, 'x');
    const run = [...start, 'site', '--dry-run'];
    expect(await ctlJson(home, run)).toMatchObject({
      kind: 'incremental',
      reason: null,
      reasonText: expect.stringContaining('raw image cannot record changes'),
      predictedBytes: MIB,
      predictedAtMost: true,
    });
    expect((await runCtl(home, run)).stdout).toContain('at most 1.0 MiB');
    expect(await ctlJson(home, [...start, 'image:db.raw', '--type', 'full', '--dry-run'])).toMatchObject({
      predictedAtMost: false,
    });
  }, 60_000);
});

it('prints the warning of a repository that cannot be written to once', async (context) => {
  // as root only a read-only mount keeps anybody from writing
  const flags = ['--conditions=@sendense/source', '--disable-warning=ExperimentalWarning'];
  const main = new URL('../src/main.ts', import.meta.url).pathname;
  const script =
    'mount --bind "$0/backups" "$0/backups" && mount -o remount,ro,bind "$0/backups" || exit 99; cd "$0"; exec "$@"';
  const command = [process.execPath, ...flags, main, 'backup', 'list', ...repository];
  const env = { PATH: process.env.PATH ?? '', HOME: home };
  const run = spawnSync('unshare', ['-m', 'sh', '-c', script, home, ...command], { env, encoding: 'utf8' });
  if (run.status === 99 || run.error !== undefined || /unshare/.test(run.stderr))
    context.skip('this user may not mount');
  expect(run.status).toBe(0);
  expect(run.stderr.match(/cannot be written to/g)).toHaveLength(1);
}, 60_000);
