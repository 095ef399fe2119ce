import { setImmediate as turn } from 'node:timers/promises';
import type { Engine } from '@sendense/engine';
import { memoryInUse } from '@sendense/tests/collect-garbage';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { SendenseServer } from '../src/index.ts';
import { ask, type Event, follow, parseEvents } from './support/client.ts';
import { makeWorld, type World } from './support/world.ts';

const CLIENTS = 200;
/** What a job tells while everybody follows it, beside its states. */
const FINDINGS = 100;
/** Every second client hangs up after so many events, and comes again for the rest. */
const LEAVES_AFTER = 40;
const ROUNDS = 3;
/**
 * What the later rounds may take for good. Their jobs are kept with their events, in memory and in the journal, some 200 KiB of each, and
 * two MiB come and go. Of their 3900 replies not 2 KiB each may stay: one that is kept holds 8.
 */
const MOST_KEPT = 6 * 1024 * 1024;
/** Connections that nobody uses any more would be counted. */
const HANG_UP = { connection: 'close' };

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

/** The engine of the world, whose backups tell findings once `isFollowed` resolves. */
function tellingEngine(isFollowed: () => Promise<void>): Engine {
  const { engine } = world;
  const backup: Engine['backup'] = async (request, call) => {
    await isFollowed();
    for (let count = 0; count < FINDINGS; count += 1) {
      const finding = { severity: 'info', code: 'told', message: `number ${count}` } as const;
      engine.events.emit('finding', { jobId: request.jobId as never, verb: 'backup', finding });
      await turn();
    }
    return engine.backup(request, call);
  };
  return { ...engine, backup };
}

/** The events of a job after the one with this id, as they come. */
async function* eventsOf({ url }: SendenseServer, job: string, after: number): AsyncGenerator<Event> {
  const headers = { ...HANG_UP, ...(after > 0 && { 'last-event-id': String(after) }) };
  const { body } = await fetch(`${url}/api/v1/jobs/${job}/events`, { headers });
  let text = '';
  for await (const piece of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const blocks = (text + piece).split('\n\n');
    text = blocks.pop() ?? '';
    yield* parseEvents(blocks.join('\n\n'));
  }
}

/** Those with ids that a client gets who follows a job to its end, in as many parts as `leaves` and one. */
async function followedBy(
  events: (after: number) => AsyncIterable<Event>,
  leaves: readonly number[],
): Promise<readonly Event[]> {
  const got: Event[] = [];
  for (const most of [...leaves, Number.POSITIVE_INFINITY])
    for await (const event of events(got.at(-1)?.id ?? 0)) {
      if (event.id !== undefined) got.push(event);
      if (got.length >= most) break;
    }
  return got;
}

function askBeside(server: SendenseServer, job: string): Promise<readonly unknown[]> {
  return Promise.all(
    ['/health', '/api/v1/jobs', `/api/v1/jobs/${job}`, '/api/v1/backup/list'].map(async (path) => {
      const { status, body } = await ask(server, 'GET', path, { headers: HANG_UP });
      return { status, body };
    }),
  );
}

/** What the clients of a round got, and what one alone is told and answered afterwards. */
type Round = {
  readonly clients: readonly Pick<Round, 'told' | 'answers'>[];
  readonly told: readonly Event[];
  readonly answers: readonly unknown[];
};

/** Serves rounds: in each a job is followed by all clients, who ask beside it once it has ended. */
async function serveRounds() {
  let following = { begun: 0, all: Promise.withResolvers<void>() };
  const server = await world.start(
    { rates: { requestsPerMinute: 100_000 } },
    { engine: tellingEngine(() => following.all.promise) },
  );
  const client = async (job: string, leaves: readonly number[]) => {
    let isFirst = true;
    const events = async function* (after: number): AsyncGenerator<Event> {
      for await (const event of eventsOf(server, job, after)) {
        if (isFirst) following.begun += 1;
        isFirst = false;
        if (following.begun === CLIENTS) following.all.resolve();
        yield event;
      }
    };
    return { told: await followedBy(events, leaves), answers: await askBeside(server, job) };
  };
  const round = async (): Promise<Round> => {
    following = { begun: 0, all: Promise.withResolvers<void>() };
    const order = { body: { vm_name: 'web', repository: 'main' }, headers: HANG_UP };
    const { job_id } = (await ask(server, 'POST', '/api/v1/backup/start', order)).body;
    const all = Array.from({ length: CLIENTS }, (_, index) =>
      client(job_id, index % 2 ? [LEAVES_AFTER] : []),
    );
    const clients = await Promise.all(all);
    const told = (await follow(server, job_id, HANG_UP)).filter(({ id }) => id !== undefined);
    return { clients, told, answers: await askBeside(server, job_id) };
  };
  return { server, round };
}

/** Asserts that every client of a round got every event once and in order, and what one alone is answered. */
function expectAll({ clients, told, answers }: Round): void {
  expect(told.map(({ id }) => id)).toEqual(told.map((_, index) => index + 1));
  expect(told.length).toBeGreaterThanOrEqual(FINDINGS + 3);
  expect(told.at(-1)).toMatchObject({ event: 'state', data: { state: 'completed' } });
  const jobs = expect.arrayContaining([expect.objectContaining({ state: 'completed' })]);
  const backups = expect.arrayContaining([expect.objectContaining({ vm_name: 'web' })]);
  const bodies = [{ status: 'ok' }, { jobs }, { state: 'completed' }, { backups }];
  expect(answers).toMatchObject(bodies.map((body) => ({ status: 200, body })));
  expect(clients).toHaveLength(CLIENTS);
  for (const client of clients) expect(client).toEqual({ told, answers });
}

const openSockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

/** Memory in use once the last connection is closed. */
async function memoryAtRest(): Promise<number> {
  await expect.poll(openSockets).toBe(0);
  return memoryInUse();
}

it(`serves ${CLIENTS} clients at once: each gets every event of a job once, and what it asks; no memory is kept of it`, async () => {
  const { server, round } = await serveRounds();
  expectAll(await round());
  const before = await memoryAtRest();
  for (let count = 0; count < ROUNDS; count += 1) expectAll(await round());
  expect((await memoryAtRest()) - before).toBeLessThan(MOST_KEPT);
  const route = 'method="GET",route="/api/v1/jobs/:job_id/events",status="200"';
  // those that were hung up on are counted nowhere
  const streams = (1 + ROUNDS) * (CLIENTS + 1);
  const { body } = await ask(server, 'GET', '/metrics');
  expect(body).toContain(`sendense_http_requests_total{${route}} ${streams}\n`);
});

it('refuses a caller who asks too often, says for how long, and serves on', async () => {
  const server = await world.start({ rates: { requestsPerMinute: 20 } });
  const answers = [];
  for (let count = 0; count < 25; count += 1) answers.push(await ask(server, 'GET', '/api/v1/jobs'));
  expect(answers.map(({ status }) => status)).toEqual([...Array(20).fill(200), ...Array(5).fill(429)]);
  expect(answers.at(-1)?.body).toMatchObject({ error: { code: 'RATE_LIMITED', retry: 'later' } });
  expect(Number(answers.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0);
});
