import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadConfig } from './load-config.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-config-'));
  path = join(folder, 'config.json');
});
afterEach(() => rm(folder, { recursive: true }));

it('reads names as text or with settings', async () => {
  await writeFile(
    path,
    JSON.stringify({
      defaults: { repository: 'main' },
      sources: { web: 'image:/web.qcow2', db: { at: 'image:/db', format: 'raw', parents: ['/base'] } },
      repositories: { main: 'local:/backups' },
    }),
  );
  expect(await loadConfig(path, true)).toEqual({
    defaults: { repository: 'main' },
    sources: { web: { at: 'image:/web.qcow2' }, db: { at: 'image:/db', format: 'raw', parents: ['/base'] } },
    repositories: { main: { at: 'local:/backups' } },
    targets: {},
    exports: {},
    client: { patienceSeconds: 300 },
    server: {},
  });
});

it('names the field that is wrong', async () => {
  const cases: [text: string, named: string][] = [
    ['{', 'JSON'],
    ['[]', 'object'],
    ['{"sources": {"web": {"at": 7}}}', 'sources.web.at'],
    ['{"sources": {"web": {"at": "image:/x", "format": "vdi"}}}', 'sources.web.format'],
    ['{"repositories": {"main": {"at": "/b", "password": "hunter2"}}}', 'password'],
    ['{"default": {}}', 'default'],
  ];
  for (const [text, named] of cases) {
    await writeFile(path, text);
    await expect(loadConfig(path, true)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(named),
    });
    await expect(loadConfig(path, true)).rejects.toMatchObject({
      message: expect.not.stringContaining('hunter2'),
    });
  }
});

it('does without a file unless one was named', async () => {
  expect(await loadConfig(path, false)).toMatchObject({ sources: {} });
  await expect(loadConfig(path, true)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(loadConfig(folder, true)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
