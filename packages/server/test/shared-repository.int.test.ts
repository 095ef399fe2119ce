import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machineKeyOf, SendenseError } from '@sendense/core';
import { createImageSource } from '@sendense/source-image';
import { seededBytes } from '@sendense/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TokenStore, tokensDirectory } from '../src/access/tokens/token-store.ts';
import type { NamedMachine, SendenseServer, ServerOptions, ServerServices } from '../src/index.ts';
import { type Answer, ask, follow } from './support/client.ts';
import { makeWorld, type World } from './support/world.ts';

/** Two tenants with a machine each, both named `db` by their hypervisors, in one repository. */
const OWNERS = ['acme', 'globex'] as const;
type Owner = (typeof OWNERS)[number];

let world: World;
let server: SendenseServer;
let isReachable: boolean;
const tokens = new Map<Owner, string>();
const backups = new Map<Owner, { readonly id: string; readonly machine: string }>();

beforeEach(async () => {
  world = await makeWorld();
  isReachable = true;
  const store = new TokenStore(tokensDirectory(join(world.folder, 'state')));
  for (const [index, owner] of OWNERS.entries()) {
    await writeFile(world.disk(`${owner}-db`), seededBytes(index, 64 * 1024));
    const wanted = { role: 'admin', tenant: owner, name: null, expiresAt: null } as const;
    tokens.set(owner, (await store.create(wanted)).token);
  }
  server = await start();
  for (const owner of OWNERS) backups.set(owner, await backUp(owner));
});
afterEach(() => world[Symbol.asyncDispose]());

/** A server whose two sources are different machines that bear one name. */
function start(tenants: object = {}): Promise<SendenseServer> {
  const all = Object.fromEntries(
    OWNERS.map((owner) => [
      owner,
      { repositories: ['main'], sources: [`${owner}-db`], targets: ['lab'], machines: [] },
    ]),
  );
  const access = { tenants: { ...all, ...tenants } } as ServerOptions['access'];
  return world.start({ access }, { sources: sources() });
}

function sources(): ServerServices['sources'] {
  return { names: OWNERS.map((owner) => `${owner}-db`), open: openNamed };
}

async function openNamed(name: string): Promise<NamedMachine> {
  const gone = new SendenseError('CONNECTION_LOST', 'no hypervisor', { operation: 'open-source' });
  if (!isReachable) throw gone;
  const source = createImageSource({ path: world.disk(name), format: 'raw', name: 'db' });
  const machine = { connection: 'image', id: '' };
  for await (const found of source.machines()) Object.assign(machine, found.machine);
  const machineKey = machineKeyOf(machine);
  return { source, machine, machineKey, [Symbol.asyncDispose]: () => source[Symbol.asyncDispose]() };
}

function headersOf(owner: Owner): Record<string, string> {
  return { authorization: `Bearer ${tokens.get(owner)}` };
}

function call(owner: Owner, method: string, path: string, body?: unknown): Promise<Answer> {
  return ask(server, method, `/api/v1${path}`, { body, headers: headersOf(owner) });
}

/** What `owner` made. */
function madeBy(owner: Owner): { readonly id: string; readonly machine: string } {
  const made = backups.get(owner);
  if (made === undefined) throw new Error(`${owner} has no backup`);
  return made;
}

async function backUp(owner: Owner): Promise<{ id: string; machine: string }> {
  const started = await call(owner, 'POST', '/backup/start', { vm_name: `${owner}-db`, repository: 'main' });
  expect(started.status, JSON.stringify(started.body)).toBe(202);
  await follow(server, started.body.job_id, headersOf(owner));
  const { body: job } = await call(owner, 'GET', `/jobs/${started.body.job_id}`);
  const { body } = await call(owner, 'GET', `/backup/${job.backup_id}`);
  expect(body, JSON.stringify(job)).toMatchObject({ vm_name: 'db' });
  return { id: body.backup_id, machine: body.machine_id };
}

async function listed(owner: Owner, query = ''): Promise<string[]> {
  const { status, body } = await call(owner, 'GET', `/backup/list${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return (body.backups as { backup_id: string }[]).map(({ backup_id }) => backup_id);
}

describe.each([
  ['acme', 'globex'],
  ['globex', 'acme'],
] as const)('%s, beside a machine of %s that bears the same name in the same repository,', (one, other) => {
  it('lists its own backups only, by whatever name', async () => {
    const { id, machine } = madeBy(one);
    for (const query of ['', '?vm_name=db', `?vm_name=${one}-db`, `?vm_name=${machine}`])
      expect(await listed(one, query), query).toEqual([id]);
    const chain = await call(one, 'GET', '/backup/chain?vm_name=db');
    expect(chain.body).toMatchObject({ machine_id: machine });
  });

  it.each([
    ['shows', 'GET', (id: string) => `/backup/${id}`, undefined],
    ['deletes', 'DELETE', (id: string) => `/backup/${id}`, undefined],
    ['mounts', 'POST', () => '/restore/mount', (id: string) => ({ backup_id: id, mode: 'browse' })],
    ['restores', 'POST', () => '/restore/start', (id: string) => ({ backup_id: id, target: 'lab' })],
  ] as const)('%s nothing of the other', async (_what, method, path, body) => {
    const { id } = madeBy(other);
    const answer = await call(one, method, path(id), body?.(id));
    expect(answer, JSON.stringify(answer.body)).toMatchObject({
      status: 404,
      body: { error: { code: 'NOT_FOUND' } },
    });
    expect(await listed(other)).toEqual([id]);
  });

  it('finds no machine by the key or source of the other', async () => {
    for (const name of [madeBy(other).machine, `${other}-db`])
      expect((await call(one, 'GET', `/backup/chain?vm_name=${name}`)).status, name).toBe(404);
  });
});

it('backs up the machines of its sources, whatever is listed as machines', async () => {
  // the machines of the tenants of this file are none
  expect(
    (await call('acme', 'POST', '/backup/start', { vm_name: 'acme-db', repository: 'main' })).status,
  ).toBe(202);
});

it('shows the backups of a machine that is no source any more by its key, and without it none', async () => {
  const { id, machine } = madeBy('acme');
  await server.close();
  server = await start({ acme: { repositories: ['main'], machines: [machine] } });
  expect(await listed('acme')).toEqual([id]);
  await server.close();
  server = await start({ acme: { repositories: ['main'] } });
  expect(await listed('acme')).toEqual([]);
});

it('shows the backups of a source that cannot be reached any more', async () => {
  isReachable = false;
  expect(await listed('acme')).toEqual([madeBy('acme').id]);
});
