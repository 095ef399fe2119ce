import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ctlJson, jsonOf, type Run, runCtl } from './run-ctl.ts';
import { makeDisk } from './sample-disk.ts';
import { makeServerScene, SERVED, type ServerScene } from './server-scene.ts';

const start = ['backup', 'start', '--source', 'web', '--repository', 'there'];
const list = ['backup', 'list', '--repository', 'there'];

let scene: ServerScene;
let url = '';
beforeAll(async () => {
  scene = await makeServerScene(SERVED);
  await makeDisk(join(scene.home, 'disk.raw'), 1 << 20);
  await ctlJson(scene.home, ['repository', 'init', '--repository', 'there']);
  await ctlJson(scene.home, start);
  ({ url } = await scene.serve());
});
afterAll(() => scene[Symbol.asyncDispose]());

it('refuses what no server takes by name, and does none of it here', async () => {
  const refused: [args: readonly string[], names: string][] = [
    [['prune', '--repository', 'there', '--keep-last', '1'], 'prune'],
    [['doctor'], 'doctor'],
    [[...start, '--rate', '1M'], '--rate of backup start'],
    [[...start, '--dry-run'], '--dry-run of backup start'],
    [[...list, '--passphrase-file', 'x'], '--passphrase-file of backup list'],
  ];
  const told = refused.map(async ([args, names]) => {
    expect(await ctlJson(scene.away, ['--server', url, ...args], 1), names).toMatchObject({
      error: { code: 'UNSUPPORTED', message: expect.stringContaining(names) as string },
    });
  });
  await Promise.all(told);
  expect(await readdir(scene.away)).toEqual([]);
  expect(await ctlJson(scene.away, ['backup', 'list', '--token-file', 'x'], 2)).toMatchObject({
    error: { code: 'CONFIG_INVALID', remedy: expect.stringContaining('--server') as string },
  });
});

it('takes the server from the environment or the configuration, and none from a variable set to nothing', async () => {
  const there = await ctlJson(scene.away, [...list, '--server', url]);
  expect(await ctlJson(scene.away, list, 0, { SENDENSE_SERVER: url })).toEqual(there);
  await writeFile(join(scene.home, 'client.json'), JSON.stringify({ ...SERVED, client: { url } }));
  const configured = [...list, '--config', 'client.json'];
  expect(await ctlJson(scene.home, configured)).toEqual(there);
  const here = await ctlJson(scene.home, configured, 0, { SENDENSE_SERVER: '' });
  expect(here).toEqual(await ctlJson(scene.home, list));
  expect(here).not.toEqual(there);
});

it('shows a token that it has from the environment or a file, and none of it in what it prints', async () => {
  const { token } = (await ctlJson(scene.home, ['token', 'create', '--role', 'viewer'])) as { token: string };
  const asked = [...list, '--server', url, '--json'];
  const call = (args: readonly string[], env: Record<string, string> = {}) => runCtl(scene.away, args, env);
  const file = join(scene.home, 'token');
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  expect((await call(asked, { SENDENSE_TOKEN: token })).code).toBe(0);
  expect((await call([...asked, '--token-file', file])).code).toBe(0);

  const wrong = `${token.slice(0, -4)}AAAA`;
  const refused: [run: Promise<Run>, code: number, error: string][] = [
    [call(asked), 1, 'AUTHENTICATION_FAILED'],
    [call(asked, { SENDENSE_TOKEN: wrong }), 1, 'AUTHENTICATION_FAILED'],
    [call(asked, { SENDENSE_TOKEN: token, SENDENSE_SERVER: `${url}/other` }), 1, 'AUTHENTICATION_FAILED'],
    [call([...start, '--server', url, '--json'], { SENDENSE_TOKEN: token }), 1, 'PERMISSION_DENIED'],
  ];
  for (const [running, code, error] of refused) {
    const run = await running;
    expect([run.code, jsonOf(run)]).toMatchObject([code, { error: { code: error } }]);
    expect(run.stdout + run.stderr).not.toContain(wrong.slice(-20));
    expect(run.stdout + run.stderr).not.toContain(token.slice(-20));
  }
  expect(jsonOf(await call(asked))).toMatchObject({
    error: { remedy: expect.stringContaining('--token-file') as string },
  });
  await chmod(file, 0o644);
  expect(jsonOf(await call([...asked, '--token-file', file]))).toMatchObject({
    error: { code: 'CONFIG_INVALID' },
  });
});
