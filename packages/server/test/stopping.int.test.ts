import { once } from 'node:events';
import { connect } from 'node:net';
import { createTestFence } from '@sendense/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { NamedMachine, SendenseServer } from '../src/index.ts';
import { ask, follow } from './support/client.ts';
import { makeWorld, NAMES, type World } from './support/world.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

const start = async (server: SendenseServer, vm = 'web'): Promise<string> =>
  (await ask(server, 'POST', '/api/v1/backup/start', { body: { vm_name: vm, repository: 'main' } })).body
    .job_id;

const stateOf = async (server: SendenseServer, job: string): Promise<string> =>
  (await ask(server, 'GET', `/api/v1/jobs/${job}`)).body.state;

/** Sources that never open, and end when their job does. */
function stuckSources(reached: () => void) {
  const open = (_name: string, call?: { readonly signal?: AbortSignal }) =>
    new Promise<NamedMachine>((_, reject) => {
      reached();
      call?.signal?.addEventListener('abort', () => reject(call.signal?.reason as Error), { once: true });
    });
  return { sources: { names: NAMES.sources, open } };
}

it('hangs up on a client that takes nothing, so that a stop comes to its end', async () => {
  const server = await world.start({ limits: { stopMs: 200 } });
  const { port } = new URL(server.url);
  const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
  socket.pause();
  const page = 'GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n';
  socket.write(page.repeat(64));
  await once(socket, 'connect');
  // it answers others meanwhile
  expect((await ask(server, 'GET', '/health')).status).toBe(200);
  await server.close();
  socket.destroy();
}, 20_000);

it('begins no job that waits once it stops, and cancels none', async () => {
  const reached = Promise.withResolvers<void>();
  const before = await world.start({ jobs: { parallel: 1 } }, stuckSources(reached.resolve));
  const jobs = [await start(before), await start(before, 'db')];
  await reached.promise;
  await before.close();
  const after = await world.start();
  for (const job of jobs) {
    await follow(after, job);
    expect(await stateOf(after, job)).toBe('completed');
  }
});

it('takes its jobs up again in its state folder, whatever its machine is called then', async () => {
  const reached = Promise.withResolvers<void>();
  const before = await world.start({}, stuckSources(reached.resolve));
  const job = await start(before);
  await reached.promise;
  await before.close();
  const elsewhere = { fence: createTestFence('elsewhere'), isHolderAlive: () => true };
  const after = await world.start({}, elsewhere);
  await follow(after, job);
  expect(await stateOf(after, job)).toBe('completed');
});

it('leaves the jobs of another server that shares its journal, and does not promise to end them', async () => {
  const reached = Promise.withResolvers<void>();
  const before = await world.start({}, stuckSources(reached.resolve));
  const job = await start(before);
  await reached.promise;
  await before.close();
  const other = { stateDirectory: `${world.folder}/other` };
  const server = await world.start(other, { isHolderAlive: () => true });
  expect(await stateOf(server, job)).toBe('interrupted');
  expect(await ask(server, 'POST', `/api/v1/jobs/${job}/cancel`)).toMatchObject({
    status: 409,
    body: { error: { code: 'LOCKED', remedy: 'cancel it there' } },
  });
});

it('listens on this machine alone when it is told localhost, which a resolver could place anywhere', async () => {
  const server = await world.start({ listen: { host: 'localhost', port: 0 } });
  expect(new URL(server.url).hostname).toBe('127.0.0.1');
});
