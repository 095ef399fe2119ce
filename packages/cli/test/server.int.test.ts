import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ctlJson, jsonOf, runCtl } from './run-ctl.ts';
import { makeDisk } from './sample-disk.ts';
import { makeServerScene, type ServerScene } from './server-scene.ts';

const MIB = 1 << 20;

let scene: ServerScene;
let home = '';
beforeEach(async () => {
  scene = await makeServerScene({
    sources: { web: { at: 'image:disk.raw', format: 'raw', machineName: 'web' } },
    repositories: { main: 'local:backups' },
    targets: { lab: { at: 'image:restored.raw', format: 'raw' } },
  });
  ({ home } = scene);
  await makeDisk(join(home, 'disk.raw'), 4 * MIB);
  await ctlJson(home, ['repository', 'init', '--repository', 'backups']);
});
afterEach(() => scene[Symbol.asyncDispose]());

const json = async (response: Promise<Response>) =>
  (await response).json() as Promise<Record<string, unknown>>;

it('serves what the configuration names until SIGTERM: a backup, its point, a restore', async () => {
  const { server, url } = await scene.serve(['--listen', '127.0.0.1:0']);
  const post = (path: string, body: unknown) =>
    json(
      fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    );
  const finish = async ({ job_id }: Record<string, unknown>) => {
    const job = `${url}/api/v1/jobs/${String(job_id)}`;
    await (await fetch(`${job}/events`)).text();
    return json(fetch(job));
  };
  const made = await finish(await post('/api/v1/backup/start', { vm_name: 'web', repository: 'main' }));
  expect(made).toMatchObject({ state: 'completed', result: { backup_type: 'full' } });
  const points = { points: [{ id: made.backup_id, machineName: 'web' }] };
  expect(await ctlJson(home, ['backup', 'list', '--repository', 'main'])).toMatchObject(points);
  const { jobs } = await ctlJson(home, ['jobs', 'list']);
  expect(jobs).toMatchObject([{ kind: 'backup', status: 'completed' }]);

  const other = await ctlJson(home, ['backup', 'start', '--source', 'web', '--repository', 'main']);
  const { backups } = await json(fetch(`${url}/api/v1/backup/list?vm_name=web`));
  expect(backups).toMatchObject([{ backup_id: made.backup_id }, { backup_id: other.pointId }]);

  const order = { backup_id: made.backup_id, target: 'lab' };
  expect(await finish(await post('/api/v1/restore/start', order))).toMatchObject({ state: 'completed' });
  expect((await readFile(join(home, 'restored.raw'))).equals(await readFile(join(home, 'disk.raw')))).toBe(
    true,
  );

  server.child.kill('SIGTERM');
  const run = await server.end;
  expect([run.code, JSON.parse(run.lines.at(-1) ?? '')]).toEqual([0, { url, stopped: true }]);
  expect(await readdir(join(home, '.local/state/sendense/server'))).not.toContain('lock');
});

it('stops in good order when its terminal goes away', async () => {
  const { server, url } = await scene.serve();
  server.child.kill('SIGHUP');
  const run = await server.end;
  expect([run.code, JSON.parse(run.lines.at(-1) ?? '')]).toEqual([0, { url, stopped: true }]);
});

it('asks for a token as soon as one was made, and knows what it may', async () => {
  const { url } = await scene.serve();
  expect((await fetch(`${url}/api/v1/jobs`)).status).toBe(200);
  const { token } = await ctlJson(home, ['token', 'create', '--role', 'viewer']);
  expect((await fetch(`${url}/api/v1/jobs`)).status).toBe(401);
  const headers = { authorization: `Bearer ${String(token)}` };
  expect((await fetch(`${url}/api/v1/jobs`, { headers })).status).toBe(200);
  const refused = await fetch(`${url}/api/v1/backup/x`, { method: 'DELETE', headers });
  expect([refused.status, await refused.json()]).toMatchObject([
    403,
    { error: { code: 'PERMISSION_DENIED' } },
  ]);
});

it('does not serve others without TLS and access, and says what is missing', async () => {
  const run = await runCtl(home, ['server', 'start', '--listen', '0.0.0.0:0', '--json']);
  expect(run.code).toBe(2);
  expect(jsonOf(run)).toMatchObject({
    error: { code: 'CONFIG_INVALID', message: expect.stringMatching(/tls .* access/) },
  });
  expect((await runCtl(home, ['server', 'start', '--listen', 'here', '--json'])).code).toBe(2);
});
