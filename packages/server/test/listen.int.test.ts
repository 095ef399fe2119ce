import { request } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startServer } from '../src/index.ts';
import { ask } from './support/client.ts';
import { engineOn, makeWorld, placesIn, type World } from './support/world.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

/** `fetch` does not let a caller choose the Host header. */
function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/api/v1/jobs`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject).end();
  });
}

it('answers only to names of this machine while it asks for no credentials', async () => {
  const server = await world.start();
  const port = new URL(server.url).port;
  expect(await statusFor(server.url, `localhost:${port}`)).toBe(200);
  expect(await statusFor(server.url, `evil.example:${port}`)).toBe(403);
});

it('obeys no page of another origin while it asks for no credentials', async () => {
  const server = await world.start();
  const cancel = (headers: Record<string, string>) =>
    ask(server, 'POST', '/api/v1/jobs/0f8fad5b-d9cb-469f-a165-70867728950e/cancel', { headers });
  for (const origin of ['https://evil.example', 'null', 'http://localhost:1', `${server.url}0`])
    expect((await cancel({ origin })).status, origin).toBe(403);
  for (const headers of [{}, { origin: server.url }]) expect((await cancel(headers)).status).toBe(404);
});

it('does not start on an address of others without TLS and access, and leaves nothing behind', async () => {
  const listen = { host: '0.0.0.0', port: 0 };
  await expect(world.start({ listen })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await (await world.start()).close();
});

it('keeps a second server out of its folder while it runs', async () => {
  const server = await world.start();
  await expect(world.start()).rejects.toMatchObject({ code: 'LOCKED' });
  await server.close();
  await (await world.start()).close();
});

it('names the option that is wrong', async () => {
  const services = { engine: engineOn(world.journal), journal: world.journal, ...placesIn(world.folder) };
  const wrong = { stateDirectory: 'relative', jobs: { parallel: 0 } };
  await expect(startServer(wrong, services)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/stateDirectory.*jobs\.parallel/),
  });
});

it('sends headers that keep browsers from misusing answers, and no permission for other origins', async () => {
  const server = await world.start();
  const { headers } = await ask(server, 'GET', '/health', { headers: { origin: 'https://evil.example' } });
  expect(Object.fromEntries(headers)).toMatchObject({
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  expect(headers.get('access-control-allow-origin')).toBeNull();
});

it('serves its document, and a page to browse it', async () => {
  const server = await world.start();
  const { body, headers } = await ask(server, 'GET', '/openapi.json');
  expect(headers.get('content-type')).toMatch(/^application\/json/);
  expect(body).toMatchObject({ openapi: '3.1.0', info: { title: 'Sendense' } });
  const page = await ask(server, 'GET', '/docs/');
  expect([page.status, page.headers.get('content-type')]).toEqual([
    200,
    expect.stringMatching(/^text\/html/),
  ]);
  expect(page.body).toContain('swagger-ui');
  expect((await ask(server, 'GET', '/docs/json')).body).toEqual(body);
});
