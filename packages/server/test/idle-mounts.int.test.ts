import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { SendenseServer, ServerOptions } from '../src/index.ts';
import { ask, runJob } from './support/client.ts';
import { makeWorld, type World } from './support/world.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(async () => {
  vi.useRealTimers();
  await world[Symbol.asyncDispose]();
});

/** A server with two mounts of one backup, and the clock of its timers in the hands of the test. */
async function serveTwo(options: Partial<ServerOptions>) {
  const server = await world.start(options);
  const order = { vm_name: 'web', repository: 'main' };
  const { backup_id } = await runJob(server, '/api/v1/backup/start', order);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const mount = async (): Promise<string> =>
    (await ask(server, 'POST', '/api/v1/restore/mount', { body: { backup_id } })).body.mount_id;
  return { server, idle: await mount(), used: await mount() };
}

async function mountsOf(server: SendenseServer): Promise<readonly string[]> {
  const { mounts } = (await ask(server, 'GET', '/api/v1/restore/mount')).body;
  return (mounts as { mount_id: string }[]).map(({ mount_id }) => mount_id);
}

it('ends a mount that nothing was asked of for the time that the options say, and none that is used', async () => {
  const { server, idle, used } = await serveTwo({ browse: { idleMs: 1000 } });
  await vi.advanceTimersByTimeAsync(800);
  expect(await mountsOf(server)).toEqual([idle, used]);
  expect((await ask(server, 'GET', `/api/v1/restore/${used}/files?path=/`)).status).toBe(200);
  await vi.advanceTimersByTimeAsync(800);
  expect(await mountsOf(server)).toEqual([used]);
  expect((await ask(server, 'GET', `/api/v1/restore/${idle}/files?path=/`)).status).toBe(404);
});

it('ends them after an hour unless told otherwise, and takes no time that is none', async () => {
  const { server, idle, used } = await serveTwo({});
  await vi.advanceTimersByTimeAsync(3_599_000);
  expect(await mountsOf(server)).toEqual([idle, used]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(await mountsOf(server)).toEqual([]);
  await expect(world.start({ browse: { idleMs: 0 } })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
