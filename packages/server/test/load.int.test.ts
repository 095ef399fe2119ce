import { afterEach, beforeEach, expect, it } from 'vitest';
import { ask, follow } from './support/client.ts';
import { makeWorld, type World } from './support/world.ts';

const CLIENTS = 200;

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

it(`serves ${CLIENTS} clients at once: each follows a job to its end and asks beside it`, async () => {
  const server = await world.start({ rates: { requestsPerMinute: 100_000 } });
  const order = { vm_name: 'web', repository: 'main' };
  const { job_id } = (await ask(server, 'POST', '/api/v1/backup/start', { body: order })).body;
  const clients = Array.from({ length: CLIENTS }, async () => {
    const events = await follow(server, job_id);
    const answers = await Promise.all(
      ['/health', '/api/v1/jobs', `/api/v1/jobs/${job_id}`, '/api/v1/backup/list'].map((path) =>
        ask(server, 'GET', path),
      ),
    );
    return { last: events.at(-1), statuses: answers.map(({ status }) => status) };
  });
  for (const { last, statuses } of await Promise.all(clients)) {
    expect(last).toMatchObject({ event: 'state', data: { state: 'completed' } });
    expect(statuses).toEqual([200, 200, 200, 200]);
  }
  const { body } = await ask(server, 'GET', '/metrics');
  const route = 'method="GET",route="/api/v1/jobs/:job_id/events",status="200"';
  expect(body).toContain(`sendense_http_requests_total{${route}} ${CLIENTS}\n`);
});

it('refuses a caller who asks too often, says for how long, and serves on', async () => {
  const server = await world.start({ rates: { requestsPerMinute: 20 } });
  const answers = [];
  for (let count = 0; count < 25; count += 1) answers.push(await ask(server, 'GET', '/api/v1/jobs'));
  expect(answers.map(({ status }) => status)).toEqual([...Array(20).fill(200), ...Array(5).fill(429)]);
  expect(answers.at(-1)?.body).toMatchObject({ error: { code: 'RATE_LIMITED', retry: 'later' } });
  expect(Number(answers.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0);
});
