import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '@sendense/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TokenStore, tokensDirectory } from '../src/access/tokens/token-store.ts';
import type { SendenseServer, ServerServices } from '../src/index.ts';
import { type Answer, ask, follow } from './support/client.ts';
import { makeWorld, NAMES, type World } from './support/world.ts';

const ACME = { repositories: ['main'], sources: ['web'], targets: ['lab'] };

let world: World;
let headers: Record<string, string>;
beforeEach(async () => {
  world = await makeWorld();
  const store = new TokenStore(tokensDirectory(join(world.folder, 'state')));
  const wanted = { role: 'operator', tenant: 'acme', name: null, expiresAt: null } as const;
  headers = { authorization: `Bearer ${(await store.create(wanted)).token}` };
});
afterEach(() => world[Symbol.asyncDispose]());

/** A server of the tenant `acme`, which may name what `acme` says. */
function start(acme: object, services: Partial<ServerServices> = {}): Promise<SendenseServer> {
  return world.start({ access: { tenants: { acme } }, jobs: { parallel: 1 } }, services);
}

async function order(server: SendenseServer, path: string, body: unknown): Promise<string> {
  const answer = await ask(server, 'POST', `/api/v1/${path}/start`, { body, headers });
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  return answer.body.job_id;
}

async function ended(server: SendenseServer, job: string): Promise<Answer['body']> {
  await follow(server, job, headers);
  return (await ask(server, 'GET', `/api/v1/jobs/${job}`, { headers })).body;
}

/** Places that nothing comes through to before the server stops; `reached` when a job waits there. */
function blocked() {
  const reached = Promise.withResolvers<void>();
  const open = async (_name: string, call: Call = {}): Promise<never> => {
    reached.resolve();
    const { promise, reject } = Promise.withResolvers<never>();
    call.signal?.addEventListener('abort', () => reject(call.signal?.reason), { once: true });
    return promise;
  };
  return { reached: reached.promise, open };
}

it.each([
  ['repository', { ...ACME, repositories: [] }],
  ['machine', { ...ACME, sources: [] }],
])('carries out no backup that waited while its tenant lost the %s', async (_what, less) => {
  const gate = blocked();
  const before = await start(ACME, { sources: { names: NAMES.sources, open: gate.open } });
  const body = { vm_name: 'web', repository: 'main' };
  const interrupted = await order(before, 'backup', body);
  await gate.reached;
  await before.close();
  const after = await start(less);
  expect(await ended(after, interrupted)).toMatchObject({ state: 'failed', error: { code: 'NOT_FOUND' } });
  const { backups } = (await ask(await again(after), 'GET', '/api/v1/backup/list', { headers })).body;
  expect(backups).toEqual([]);
});

/** The tenant has everything again. */
async function again(server: SendenseServer): Promise<SendenseServer> {
  await server.close();
  return start(ACME);
}

it.each([
  ['target', { ...ACME, targets: [] }],
  ['repository', { ...ACME, repositories: [] }],
  ['machine', { ...ACME, sources: [], machines: [] }],
])('overwrites nothing for a restore that waited while its tenant lost the %s', async (_what, less) => {
  const path = join(world.folder, 'restored.raw');
  const gate = blocked();
  const targets = { names: NAMES.targets, open: gate.open };
  const before = await start(ACME, { targets });
  const { backup_id } = await ended(
    before,
    await order(before, 'backup', { vm_name: 'web', repository: 'main' }),
  );
  const body = { backup_id, target: 'lab', overwrite: true };
  const interrupted = await order(before, 'restore', body);
  const waiting = await order(before, 'restore', body);
  await gate.reached;
  await before.close();
  await writeFile(path, 'of somebody else');
  const after = await start(less);
  for (const job of [interrupted, waiting])
    expect(await ended(after, job)).toMatchObject({ state: 'failed', error: { code: 'NOT_FOUND' } });
  expect(await readFile(path, 'utf8')).toBe('of somebody else');
});
