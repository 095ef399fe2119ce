import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ctlJson, startCtl } from './run-ctl.ts';
import { makeDisk } from './sample-disk.ts';

const repository = ['--repository', 'backups'];
type Export = {
  readonly name: string;
  readonly uri: string;
  readonly writable: boolean;
  readonly sizeBytes: number;
};

let home = '';
let point = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sendense-x-'));
  await makeDisk(join(home, 'disk.raw'), 4 << 20);
  await ctlJson(home, ['repository', 'init', ...repository]);
  const { pointId } = await ctlJson(home, ['backup', 'start', '--source', 'image:disk.raw', ...repository]);
  point = String(pointId);
});
afterEach(async () => {
  for (const { name } of await listed()) await ctlJson(home, ['export', 'remove', name]);
  await rm(home, { recursive: true, force: true });
});

const directory = () => join(home, '.local/state/sendense/exports');
const ofPoint = () => ['export', 'add', ...repository, '--backup-id', point];
const exportsOf = (json: Record<string, unknown>) => json.exports as readonly Export[];
const listed = async () => exportsOf(await ctlJson(home, ['export', 'list']));

it('of objects are opened with the passphrase of the file that is named', async () => {
  await writeFile(join(home, 'passphrase'), 'correct horse', { mode: 0o600 });
  const objects = ['--repository', 'dir:objects', '--passphrase-file', 'passphrase'];
  await ctlJson(home, ['repository', 'init', ...objects]);
  const { pointId } = await ctlJson(home, ['backup', 'start', '--source', 'image:disk.raw', ...objects]);
  const add = ['export', 'add', ...objects, '--backup-id', String(pointId), '--name', 'objects'];
  expect(exportsOf(await ctlJson(home, add))).toMatchObject([{ name: 'objects' }]);
  // nothing of the passphrase itself
  const entry = await readFile(join(directory(), 'conf.d', 'objects.json'), 'utf8');
  expect(entry).not.toContain('correct horse');
});

it('added by several at once all come up, in one service', async () => {
  const names = ['a', 'b', 'c'];
  const runs = await Promise.all(
    names.map((name) =>
      ctlJson(home, ['export', 'add', '--image', 'disk.raw', '--format', 'raw', '--name', name]),
    ),
  );
  expect(runs.map((run) => exportsOf(run).map(({ name }) => name))).toEqual([['a'], ['b'], ['c']]);
  expect((await listed()).map(({ name }) => name)).toEqual(names);
});

it('are read again on SIGHUP by export serve, which confines them to the roots of its configuration', async () => {
  const allowed = join(home, 'allowed');
  await mkdir(allowed);
  await writeFile(join(allowed, 'disk.raw'), await readFile(join(home, 'disk.raw')));
  const confDir = join(home, 'conf.d');
  await mkdir(confDir, { mode: 0o700 });
  await writeFile(
    join(home, 'config.json'),
    JSON.stringify({ exports: { confDir, roots: [allowed], listen: '127.0.0.1:0' } }),
  );
  const put = (name: string, path: string) =>
    writeFile(join(confDir, `${name}.json`), JSON.stringify({ image: { path, format: 'raw' } }), {
      mode: 0o600,
    });
  await put('first', join(allowed, 'disk.raw'));
  const serving = startCtl(home, ['export', 'serve', '--config', 'config.json', '--json']);
  const stdout = serving.child.stdout ?? expect.fail('no output');
  const [line] = (await once(stdout, 'data')) as [Buffer];
  expect(JSON.parse(line.toString())).toMatchObject({
    exports: [{ name: 'first', uri: expect.stringMatching(/^nbd:\/\/127\.0\.0\.1:\d+\/first$/) as string }],
  });
  await put('second', join(allowed, 'disk.raw'));
  await put('outside', join(home, 'disk.raw'));
  serving.child.kill('SIGHUP');
  const told = await vi.waitFor(
    async () => {
      const list = await ctlJson(home, ['export', 'list', '--config', 'config.json']);
      expect(exportsOf(list)).toHaveLength(2);
      return list;
    },
    { timeout: 30_000, interval: 200 },
  );
  expect(told).toMatchObject({
    exports: [{ name: 'first' }, { name: 'second' }],
    running: true,
    findings: [{ severity: 'error', code: 'export-refused', object: 'outside.json' }],
  });
  const refused = [...ofPoint(), '--config', 'config.json'];
  expect(await ctlJson(home, refused, 1)).toMatchObject({ error: { code: 'PERMISSION_DENIED' } });
  serving.child.kill('SIGTERM');
  expect((await serving.end).code).toBe(0);
});
