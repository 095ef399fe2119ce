import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { exportsOf, useExportScene } from './export-scene.ts';
import { ctlJson, startCtl } from './run-ctl.ts';

const scene = useExportScene();

it('of objects are opened with the passphrase of the file that is named', async () => {
  await writeFile(join(scene.home, 'passphrase'), 'correct horse', { mode: 0o600 });
  const objects = ['--repository', 'dir:objects', '--passphrase-file', 'passphrase'];
  await ctlJson(scene.home, ['repository', 'init', ...objects]);
  const { pointId } = await ctlJson(scene.home, [
    'backup',
    'start',
    '--source',
    'image:disk.raw',
    ...objects,
  ]);
  const add = ['export', 'add', ...objects, '--backup-id', String(pointId), '--name', 'objects'];
  expect(exportsOf(await ctlJson(scene.home, add))).toMatchObject([{ name: 'objects' }]);
  // nothing of the passphrase itself
  const entry = await readFile(join(scene.directory, 'conf.d', 'objects.json'), 'utf8');
  expect(entry).not.toContain('correct horse');
});

it('added by several at once all come up, in one service', async () => {
  const names = ['a', 'b', 'c'];
  const runs = await Promise.all(
    names.map((name) =>
      ctlJson(scene.home, ['export', 'add', '--image', 'disk.raw', '--format', 'raw', '--name', name]),
    ),
  );
  expect(runs.map((run) => exportsOf(run).map(({ name }) => name))).toEqual([['a'], ['b'], ['c']]);
  expect((await scene.listed()).map(({ name }) => name)).toEqual(names);
});

it('are read again on SIGHUP by export serve, which confines them to the roots of its configuration', async () => {
  const allowed = join(scene.home, 'allowed');
  await mkdir(allowed);
  await writeFile(join(allowed, 'disk.raw'), await readFile(join(scene.home, 'disk.raw')));
  const confDir = join(scene.home, 'conf.d');
  await mkdir(confDir, { mode: 0o700 });
  await writeFile(
    join(scene.home, 'config.json'),
    JSON.stringify({ exports: { confDir, roots: [allowed], listen: '127.0.0.1:0' } }),
  );
  const put = (name: string, path: string) =>
    writeFile(join(confDir, `${name}.json`), JSON.stringify({ image: { path, format: 'raw' } }), {
      mode: 0o600,
    });
  await put('first', join(allowed, 'disk.raw'));
  const serving = startCtl(scene.home, ['export', 'serve', '--config', 'config.json', '--json']);
  const stdout = serving.child.stdout ?? expect.fail('no output');
  const [line] = (await once(stdout, 'data')) as [Buffer];
  expect(JSON.parse(line.toString())).toMatchObject({
    exports: [{ name: 'first', uri: expect.stringMatching(/^nbd:\/\/127\.0\.0\.1:\d+\/first$/) as string }],
  });
  await put('second', join(allowed, 'disk.raw'));
  await put('outside', join(scene.home, 'disk.raw'));
  serving.child.kill('SIGHUP');
  const told = await vi.waitFor(
    async () => {
      const list = await ctlJson(scene.home, ['export', 'list', '--config', 'config.json']);
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
  const refused = [...scene.ofPoint, '--config', 'config.json'];
  expect(await ctlJson(scene.home, refused, 1)).toMatchObject({ error: { code: 'PERMISSION_DENIED' } });
  serving.child.kill('SIGTERM');
  expect((await serving.end).code).toBe(0);
});
