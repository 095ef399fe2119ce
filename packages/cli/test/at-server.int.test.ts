import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { comparable } from './alike.ts';
import { ctlJson, runCtl } from './run-ctl.ts';
import { changeDisk, makeDisk } from './sample-disk.ts';
import { makeServerScene, SERVED, type ServerScene } from './server-scene.ts';

const MIB = 1 << 20;

let scene: ServerScene;
let url = '';
beforeAll(async () => {
  scene = await makeServerScene(SERVED);
  const { home } = scene;
  await mkdir(join(home, 'copied'));
  await makeDisk(join(home, 'disk.raw'), 4 * MIB);
  await makeDisk(join(home, 'other.raw'), 2 * MIB, 'other');
  for (const repository of ['here', 'there'])
    await ctlJson(home, ['repository', 'init', '--repository', repository]);
  ({ url } = await scene.serve());
});
afterAll(() => scene[Symbol.asyncDispose]());

/** A verb done where the configuration is. */
const embedded = (args: readonly string[], code = 0) => ctlJson(scene.home, args, code);
/** The same by somebody who has the URL only. */
const served = (args: readonly string[], code = 0) => ctlJson(scene.away, ['--server', url, ...args], code);
/** Both, where one does not disturb the other. */
const both = (args: readonly string[], code = 0) => Promise.all([embedded(args, code), served(args, code)]);

const start = (repository: string) => ['backup', 'start', '--source', 'web', '--repository', repository];

it('backs up with the same output as in this process, a full and an increment', async () => {
  for (const kind of ['full', 'incremental']) {
    const [here, there] = await Promise.all([embedded(start('here')), served(start('there'))]);
    expect(here).toMatchObject({ kind, machineName: 'web' });
    expect(comparable(there)).toEqual(comparable(here));
    expect(there.disks).toMatchObject([{ path: null }]);
    await changeDisk(join(scene.home, 'disk.raw'), MIB, 4096, kind);
  }
  const list = ['backup', 'list', '--repository', 'there'];
  const [here, there] = await Promise.all([
    runCtl(scene.home, list),
    runCtl(scene.away, [...list, '--server', url]),
  ]);
  expect(here.stdout).toContain('incremental');
  expect(there.stdout).toBe(here.stdout);
});

it('lists the points of a repository, or of a machine by its name, its name at the server, or its key', async () => {
  const [here, all] = await both(['backup', 'list', '--repository', 'there']);
  const points = here.points as { machine: string; disks: { path: string | null }[] }[];
  const untold = points.map((point) => ({
    ...point,
    repository: 'there',
    disks: point.disks.map((disk) => ({ ...disk, path: null })),
  }));
  expect(all).toEqual({ points: untold });
  for (const machine of ['web', points[0]?.machine ?? ''])
    expect(await served(['backup', 'list', '--repository', 'there', '--vm', machine])).toEqual(all);
});

it('backs several machines up, and tells which failed', async () => {
  const args = (repository: string, other: string) => [...start(repository), '--source', other];
  expect(comparable(await served(args('there', 'db')))).toMatchObject({
    results: [{ machineName: 'web' }, { machineName: 'db' }],
    failures: [],
  });
  expect(await served(args('there', 'nobody'), 1)).toMatchObject({
    results: [{ machineName: 'web' }],
    failures: [{ machine: 'nobody', error: { code: 'NOT_FOUND' } }],
  });
});

it('fails as in this process where there is no such thing', async () => {
  const [here, there] = await both(['backup', 'list', '--repository', 'there', '--machine', 'nobody'], 1);
  expect(there).toMatchObject({ error: { code: 'NOT_FOUND', retry: 'never' } });
  expect(Object.keys(there.error as object)).toEqual(Object.keys(here.error as object));
  expect(await served(start('nowhere'), 1)).toMatchObject({ error: { code: 'NOT_FOUND' } });
  expect(await served(['backup', 'start', '--source', 'web'], 2)).toMatchObject({
    error: { code: 'CONFIG_INVALID', remedy: expect.stringContaining('--repository') as string },
  });
});

it('shows, follows and deletes points as in this process', async () => {
  const { points } = (await embedded(['backup', 'list', '--repository', 'there'])) as {
    points: { id: string; kind: string; machineName: string }[];
  };
  const point = points.find(({ kind }) => kind === 'incremental')?.id ?? '';
  const show = ['backup', 'show', '--repository', 'there', '--backup-id', point];
  const [shownHere, shownThere] = await both(show);
  const disk = { id: expect.stringMatching(/disk\.raw$/) as string };
  expect(shownHere.spec).toMatchObject({ disks: [disk] });
  const spec = shownThere.spec as { disks: object[] };
  expect(spec.disks).toMatchObject([{ id: 'disk-0' }]);
  const untold = {
    ...shownHere,
    repository: 'there',
    spec: { ...(shownHere.spec as object), disks: spec.disks },
  };
  expect(comparable(shownThere)).toEqual(comparable(untold));
  for (const machine of ['web', 'db']) {
    const [here, there] = await both(['backup', 'chain', '--repository', 'there', '--machine', machine]);
    expect(comparable(there)).toEqual(comparable(here));
  }

  const remove = ['backup', 'delete', '--repository', 'there', '--backup-id', point];
  const gone = await served(remove);
  expect(gone).toEqual({ removed: [point], freedBytes: expect.any(Number) as number, findings: [] });
  for (const { error } of await both(remove, 1))
    expect(error).toMatchObject({
      code: 'NOT_FOUND',
      remedy: expect.stringContaining('backup list') as string,
    });
});

it('restores to a target of the server, shows how far it is, and refuses one that is there', async () => {
  const { points } = (await embedded(['backup', 'list', '--repository', 'there', '--vm', 'db'])) as {
    points: { id: string }[];
  };
  const from = ['--repository', 'there', '--backup-id', points[0]?.id ?? ''];
  const restore = ['restore', 'start', ...from, '--target'];
  const [here, there] = await Promise.all([
    embedded([...restore, 'image:copied/restored.raw', '--format', 'raw']),
    served([...restore, 'lab']),
  ]);
  expect(there).toMatchObject({ target: 'lab', verified: true, disks: [{ path: null }] });
  expect({ ...(comparable(there) as object), target: '' }).toEqual({
    ...(comparable(here) as object),
    target: '',
  });
  const [restored, disk] = await Promise.all(
    ['restored.raw', 'other.raw'].map((name) => readFile(join(scene.home, name))),
  );
  expect(disk === undefined ? false : restored?.equals(disk)).toBe(true);

  const status = async (run: typeof served, { jobId }: Record<string, unknown>) =>
    comparable(await run(['restore', 'show', '--job', String(jobId)]));
  expect(await status(served, there)).toEqual(await status(embedded, here));
  for (const [run, target] of [
    [embedded, 'image:copied/restored.raw'],
    [served, 'lab'],
  ] as const)
    expect(await run([...restore, target], 1)).toMatchObject({ error: { code: 'ALREADY_EXISTS' } });
  expect(await served(['restore', 'start', ...from], 2)).toMatchObject({
    error: { code: 'CONFIG_INVALID', remedy: expect.stringContaining('--target') as string },
  });
});

it('lists the jobs of the server with the fields of those of this process', async () => {
  type Listed = { readonly jobs: { id: string; kind: string; createdAt: string }[] };
  const [{ jobs: here }, { jobs: there }] = (await both(['jobs', 'list'])) as [Listed, Listed];
  // the engine of the server keeps its jobs in the catalog too
  for (const job of there.filter(({ kind }) => kind === 'backup')) {
    const same = { ...here.find(({ id }) => id === job.id), holder: null, repositoryId: null };
    expect(comparable(job)).toEqual(comparable(same));
  }
  const begun = there.map(({ createdAt }) => createdAt);
  expect(begun).toEqual(begun.toSorted());
  const [, restored] = there.filter(({ kind }) => kind === 'restore');
  expect(restored).toMatchObject({ target: 'lab', status: 'failed' });
  const cancel = ['jobs', 'cancel', '--job', there[0]?.id ?? ''];
  const [cancelledHere, cancelledThere] = await both(cancel);
  expect(cancelledThere).toEqual(cancelledHere);
  for (const { error } of await both(['jobs', 'cancel', '--job', 'nothing'], 1))
    expect(error).toMatchObject({ code: 'NOT_FOUND' });
});
