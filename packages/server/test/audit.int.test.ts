import { mkdir, readFile, rename, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TokenStore, tokensDirectory } from '../src/access/tokens/token-store.ts';
import type { SendenseServer } from '../src/index.ts';
import { ask, follow } from './support/client.ts';
import { makeWorld, type World } from './support/world.ts';

let world: World;
let server: SendenseServer;
let path = '';
beforeEach(async () => {
  world = await makeWorld();
  path = join(world.folder, 'state', 'audit', 'audit.jsonl');
});
afterEach(() => world[Symbol.asyncDispose]());

async function lines(): Promise<Record<string, unknown>[]> {
  const text = await readFile(path, 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

it('changes nothing while the audit log cannot be written, says so, and goes on when it is mended', async () => {
  server = await world.start();
  const start = () =>
    ask(server, 'POST', '/api/v1/backup/start', { body: { vm_name: 'web', repository: 'main' } });
  await rename(path, `${path}.before`);
  await mkdir(path); // no file can be written there
  expect(await start()).toMatchObject({
    status: 409,
    body: { error: { code: 'READ_ONLY', operation: 'write-audit-log', retry: 'later' } },
  });
  expect(await ask(server, 'GET', '/api/v1/jobs')).toMatchObject({ status: 200, body: { jobs: [] } });
  expect((await ask(server, 'GET', '/ready')).status).toBe(503);
  expect((await ask(server, 'GET', '/health')).status).toBe(200);
  await rmdir(path);
  const { status, body } = await start();
  expect(status).toBe(202);
  await follow(server, body.job_id as string);
  expect((await ask(server, 'GET', '/ready')).status).toBe(200);
  expect(await lines()).toMatchObject([
    { event: 'gap', lines: 2 },
    { event: 'asked', route: '/api/v1/backup/start', status: null },
    { event: 'answered', route: '/api/v1/backup/start', status: 202, job: body.job_id },
  ]);
});

it('notes refused credentials until there are too many, and lets right ones pass from the same address', async () => {
  const store = new TokenStore(tokensDirectory(join(world.folder, 'state')));
  const { token } = await store.create({ role: 'viewer', tenant: null, name: null, expiresAt: null });
  server = await world.start({ rates: { failedLoginsPerMinute: 3 } });
  const wrong = `sds_0123456789abcdef_${'A'.repeat(43)}`;
  const statuses: number[] = [];
  for (let n = 0; n < 5; n++) {
    const { status, headers } = await ask(server, 'POST', '/api/v1/jobs/0/cancel', {
      headers: { authorization: `Bearer ${wrong}` },
    });
    statuses.push(status);
    expect(headers.has('retry-after')).toBe(status === 429);
  }
  expect(statuses).toEqual([401, 401, 401, 429, 429]);
  const headers = { authorization: `Bearer ${token}` };
  expect((await ask(server, 'GET', '/api/v1/jobs', { headers })).status).toBe(200);
  await server.close();
  const where = { principal: null, address: '127.0.0.1' };
  expect(await lines()).toMatchObject([
    { event: 'answered', status: 401, ...where },
    { event: 'refused', ...where, refused: { '401 POST /api/v1/jobs/:job_id/cancel': 2 } },
  ]);
});

it('writes little for a caller who asks again and again for what he may not do', async () => {
  const store = new TokenStore(tokensDirectory(join(world.folder, 'state')));
  const { token } = await store.create({ role: 'viewer', tenant: null, name: null, expiresAt: null });
  server = await world.start();
  const headers = { authorization: `Bearer ${token}` };
  for (let n = 0; n < 100; n++)
    expect((await ask(server, 'DELETE', `/api/v1/backup/${'%01'.repeat(512)}`, { headers })).status).toBe(
      403,
    );
  await server.close();
  expect(await lines()).toMatchObject([
    { event: 'answered', status: 403 },
    { event: 'refused', refused: { '403 DELETE /api/v1/backup/:backup_id': 99 } },
  ]);
  expect((await readFile(path)).byteLength).toBeLessThan(1200);
});

it('answers a caller with 429 who asks too often, and others as before', async () => {
  const store = new TokenStore(tokensDirectory(join(world.folder, 'state')));
  const wanted = { role: 'viewer', tenant: null, name: null, expiresAt: null } as const;
  const [one, two] = [(await store.create(wanted)).token, (await store.create(wanted)).token];
  server = await world.start({ rates: { requestsPerMinute: 2 } });
  const list = (credential: string) =>
    ask(server, 'GET', '/api/v1/jobs', { headers: { authorization: `Bearer ${credential}` } });
  expect([(await list(one)).status, (await list(one)).status]).toEqual([200, 200]);
  const refused = await list(one);
  expect(refused).toMatchObject({ status: 429, body: { error: { code: 'RATE_LIMITED', retry: 'later' } } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await list(two)).status).toBe(200);
});
