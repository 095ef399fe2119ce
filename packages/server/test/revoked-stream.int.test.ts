import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TokenStore, tokensDirectory } from '../src/access/tokens/token-store.ts';
import type { SendenseServer } from '../src/index.ts';
import { ask } from './support/client.ts';
import { makeWorld, NAMES, type World } from './support/world.ts';

let world: World;
let server: SendenseServer;
let store: TokenStore;
beforeEach(async () => {
  world = await makeWorld();
  store = new TokenStore(tokensDirectory(join(world.folder, 'state')));
  // what looks again and again is at our time, everything else at its own
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await world[Symbol.asyncDispose]();
});

/** The events of a job that does not end by itself, for the bearer of `token`. */
async function followEndless(token: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  const body = { vm_name: 'web', repository: 'main' };
  const started = await ask(server, 'POST', '/api/v1/backup/start', { body, headers });
  const stream = await fetch(`${server.url}/api/v1/jobs/${started.body.job_id}/events`, { headers });
  expect(stream.status).toBe(200);
  return stream;
}

async function startEndless(): Promise<SendenseServer> {
  return world.start(
    {},
    {
      sources: {
        names: NAMES.sources,
        open: (_name, call) =>
          new Promise((_, reject) => {
            call?.signal?.addEventListener('abort', () => reject(call.signal?.reason), { once: true });
          }),
      },
    },
  );
}

it('ends a stream of events soon after the token of its reader was revoked, and no other', async () => {
  const wanted = { role: 'operator', tenant: null, name: null, expiresAt: null } as const;
  const [revoked, kept] = [await store.create(wanted), await store.create(wanted)];
  server = await startEndless();
  const ending = await followEndless(revoked.token);
  const { body } = await ask(server, 'GET', '/api/v1/jobs', {
    headers: { authorization: `Bearer ${kept.token}` },
  });
  const going = await fetch(`${server.url}/api/v1/jobs/${body.jobs[0].job_id}/events`, {
    headers: { authorization: `Bearer ${kept.token}` },
  });
  let isOver = false;
  const text = going.text().finally(() => {
    isOver = true;
  });
  await store.revoke(revoked.record.id);
  vi.advanceTimersByTime(15_000);
  expect(await ending.text()).toContain('event: state');
  expect(isOver).toBe(false);
  await server.close();
  await text;
});
