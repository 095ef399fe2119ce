import rateLimit from '@fastify/rate-limit';
import { SendenseError } from '@sendense/core';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Principal } from './principal.ts';
import { rateLimitPluginOptions } from './rate-limits.ts';

let app: FastifyInstance;
beforeEach(async () => {
  app = fastify();
  await app.register(
    rateLimit,
    rateLimitPluginOptions({ requestsPerMinute: 2, failedLoginsPerMinute: 1 }, ({ headers }) =>
      callerOf(headers.authorization),
    ),
  );
  app.setErrorHandler((error, _request, reply) =>
    SendenseError.is(error) ? reply.status(429).send(error.toJSON()) : reply.status(500).send(error),
  );
  app.get('/', () => 'here');
});
afterEach(() => app.close());

function callerOf(id: string | undefined): Principal | undefined {
  if (id === undefined) return undefined;
  return { id, kind: id === 'local' ? 'local' : 'token', role: 'viewer', tenant: null };
}

async function ask(id: string | undefined, remoteAddress: string) {
  const headers = id === undefined ? {} : { authorization: id };
  return app.inject({ url: '/', headers, remoteAddress });
}

it('counts callers by who they are, wherever they come from', async () => {
  expect((await ask('token:1', '192.0.2.1')).statusCode).toBe(200);
  expect((await ask('token:1', '192.0.2.2')).statusCode).toBe(200);
  expect((await ask('token:2', '192.0.2.1')).statusCode).toBe(200);
  const refused = await ask('token:1', '192.0.2.3');
  expect(refused.statusCode).toBe(429);
  const { code, retry, retryAfterMs } = refused.json<Record<string, unknown>>();
  expect([code, retry]).toEqual(['RATE_LIMITED', 'later']);
  expect(retryAfterMs).toBeGreaterThan(0);
  expect(retryAfterMs).toBeLessThanOrEqual(60_000);
});

it('counts callers without credentials by the network they come from', async () => {
  for (const id of [undefined, 'local']) {
    const network = id === undefined ? '2001:db8:0:1' : '2001:db8:0:2';
    for (const host of ['1', '2']) expect((await ask(id, `${network}::${host}`)).statusCode).toBe(200);
    expect((await ask(id, `${network}::3`)).statusCode).toBe(429);
    expect((await ask(id, '2001:db8:0:3::1')).statusCode).toBe(200);
  }
});
