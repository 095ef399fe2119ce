import { afterEach, beforeEach, expect, it } from 'vitest';
import type { SendenseServer } from '../src/index.ts';
import { AUDIENCE, TestIssuer } from './issuer.ts';
import { ask } from './support/client.ts';
import { makeWorld, type World } from './support/world.ts';

let world: World;
let issuer: TestIssuer;
let server: SendenseServer;
beforeEach(async () => {
  world = await makeWorld();
  issuer = await TestIssuer.start();
  server = await world.start({
    access: {
      oidc: {
        issuer: issuer.url,
        audience: AUDIENCE,
        roleClaim: 'roles',
        roles: { backup: 'operator' },
        tenantClaim: 'tenant',
      },
      tenants: { acme: { repositories: ['main'], sources: ['web'] } },
    },
  });
});
afterEach(async () => {
  await issuer[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

function list(token: string, repository = 'main') {
  const headers = { authorization: `Bearer ${token}` };
  return ask(server, 'GET', `/api/v1/backup/list?repository=${repository}`, { headers });
}

it('lets the bearer of a token of the issuer see what is of its tenant, and asks everybody for one', async () => {
  const token = await issuer.token();
  expect(await list(token)).toMatchObject({ status: 200, body: { backups: [] } });
  expect((await list(token, 'second')).status).toBe(404);
  const refused = await ask(server, 'GET', '/api/v1/backup/list');
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  expect(await list(issuer.unsigned())).toMatchObject({
    status: 401,
    body: { error: { code: 'AUTHENTICATION_FAILED', retry: 'never' } },
  });
});

it('answers 503, when to come again, and nothing of the issuer while that does not answer', async () => {
  const token = await issuer.token();
  issuer.instead = () => (request) => request.socket.destroy();
  const answer = await list(token);
  expect(answer).toMatchObject({ status: 503, body: { error: { code: 'CONNECTION_LOST', retry: 'later' } } });
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(JSON.stringify(answer.body)).not.toContain(new URL(issuer.url).host);
});

it('answers a header that is too large for any token without asking the issuer', async () => {
  expect((await list(`${'a'.repeat(9000)}.b.c`)).status).toBe(401);
  expect((await list(`${'a'.repeat(80_000)}.b.c`)).status).toBe(431);
  expect(issuer.asked).toEqual([]);
});
