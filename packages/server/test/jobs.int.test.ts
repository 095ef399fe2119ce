import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Call, type Journal, type Json, SendenseError, type TargetConnector } from '@sendense/core';
import { createTestFence } from '@sendense/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { NamedMachine, SendenseServer, ServerServices } from '../src/index.ts';
import { ask, follow, parseEvents, runJob } from './support/client.ts';
import { makeWorld, NAMES, placesIn, type World } from './support/world.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

/** Sources that open only when they are let: what a job waits for as long as a test wants. */
class Gate {
  readonly #open = Promise.withResolvers<void>();
  /** Resolves when a job came here. */
  readonly reached = Promise.withResolvers<void>();

  sources(): Pick<ServerServices, 'sources'> {
    const { sources } = placesIn(world.folder);
    return {
      sources: { names: NAMES.sources, open: (name, call) => this.#wait(() => sources.open(name), call) },
    };
  }

  release(): void {
    this.#open.resolve();
  }

  async #wait(open: () => Promise<NamedMachine>, call: Call = {}): Promise<NamedMachine> {
    this.reached.resolve();
    const gone = Promise.withResolvers<never>();
    call.signal?.addEventListener('abort', () => gone.reject(call.signal?.reason), { once: true });
    await Promise.race([this.#open.promise, gone.promise]);
    return open();
  }
}

/** A journal of a process that is killed: from `die` on nothing that is written gets there, and nobody hears of it. */
class MortalJournal implements Disposable {
  readonly #died = Promise.withResolvers<never>();
  #isDead = false;

  services(): Pick<ServerServices, 'journal'> {
    const write: Journal['write'] = (...given) =>
      this.#isDead ? this.#died.promise : world.journal.write(...given);
    return { journal: { ...world.journal, write } };
  }

  die(): void {
    this.#isDead = true;
  }

  /** Lets whoever waits for a write give up. */
  [Symbol.dispose](): void {
    this.#died.promise.catch(() => undefined);
    this.#died.reject(new Error('the process is dead'));
  }
}

/** What came of a reply until it was hung up. */
async function cameOf({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const piece of body ?? []) text += decoder.decode(piece, { stream: true });
  } catch (error) {
    if (!(error instanceof Error && error.name === 'AbortError')) throw error;
  }
  return text;
}

/** A target whose restores fail when all is written. */
function breakingCommit(target: TargetConnector): TargetConnector {
  const begin: TargetConnector['begin'] = async (...given) => {
    const writer = await target.begin(...given);
    const commit = () =>
      Promise.reject(new SendenseError('NO_SPACE', 'the disk is full', { operation: 'commit-restore' }));
    return new Proxy(writer, {
      get: (whole, name) => {
        const value: unknown = name === 'commit' ? commit : Reflect.get(whole, name);
        return typeof value === 'function' ? value.bind(whole) : value;
      },
    });
  };
  return new Proxy(target, { get: (whole, name) => (name === 'begin' ? begin : Reflect.get(whole, name)) });
}

const start = (server: SendenseServer, vm = 'web', repository = 'main') =>
  ask(server, 'POST', '/api/v1/backup/start', { body: { vm_name: vm, repository } });

it('refuses a second backup of a machine to the same repository while one waits or runs', async () => {
  const gate = new Gate();
  const server = await world.start({}, gate.sources());
  const { body } = await start(server);
  expect(await start(server)).toMatchObject({
    status: 409,
    body: { error: { code: 'LOCKED', retry: 'later' } },
  });
  expect((await start(server, 'db')).status).toBe(202);
  expect((await start(server, 'web', 'second')).status).toBe(202);
  gate.release();
  await follow(server, body.job_id);
  expect((await start(server)).status).toBe(202);
});

it('runs as many jobs as it may, and refuses more than may wait', async () => {
  const gate = new Gate();
  const server = await world.start({ jobs: { parallel: 1, waiting: 1 } }, gate.sources());
  await start(server);
  await gate.reached.promise;
  const second = await start(server, 'db');
  expect(second.body).toMatchObject({ state: 'queued', started_at: null });
  expect(await start(server, 'web', 'second')).toMatchObject({
    status: 429,
    body: { error: { code: 'QUOTA_EXCEEDED' } },
  });
  gate.release();
  await follow(server, second.body.job_id);
  expect((await ask(server, 'GET', `/api/v1/jobs/${second.body.job_id}`)).body.state).toBe('completed');
});

it('cancels a job that waits at once, and one that runs when it has given up', async () => {
  const gate = new Gate();
  const server = await world.start({ jobs: { parallel: 1 } }, gate.sources());
  const running = (await start(server)).body.job_id as string;
  const waiting = (await start(server, 'db')).body.job_id as string;
  await gate.reached.promise;
  const cancel = (id: string) => ask(server, 'POST', `/api/v1/jobs/${id}/cancel`);
  expect(await cancel(waiting)).toMatchObject({
    status: 202,
    body: { state: 'cancelled', cancel_requested: true },
  });
  expect(await cancel(running)).toMatchObject({ status: 202, body: { cancel_requested: true } });
  const events = await follow(server, running);
  expect(events.at(-1)).toMatchObject({ event: 'state', data: { state: 'cancelled' } });
  expect((await cancel(running)).body.state).toBe('cancelled');
  expect((await ask(server, 'GET', '/api/v1/backup/list')).body).toEqual({ backups: [] });
});

it('stops in order and at once with a job under way, and the next server finishes it', {
  timeout: 20_000,
}, async () => {
  const gate = new Gate();
  const before = await world.start({}, gate.sources());
  const { job_id } = (await start(before)).body;
  await gate.reached.promise;
  const stream = await fetch(`${before.url}/api/v1/jobs/${job_id}/events`);
  await before.close();
  const seen = parseEvents(await stream.text());
  expect(seen.at(-1)).toMatchObject({ event: 'state', data: { state: 'running' } });

  const after = await world.start();
  const last = String(seen.at(-1)?.id);
  const events = await follow(after, job_id, { 'last-event-id': last });
  const states = events.filter(({ event }) => event === 'state').map(({ data }) => data);
  expect(states).toMatchObject([
    { state: 'interrupted' },
    { state: 'queued', attempt: 2 },
    { state: 'running' },
    { state: 'completed' },
  ]);
  expect((await ask(after, 'GET', `/api/v1/jobs/${job_id}`)).body).toMatchObject({
    state: 'completed',
    attempt: 2,
    result: { backup_type: 'full' },
  });
});

it('shows nobody an event whose id the next server gives to another one, when it is killed before the journal has it', async () => {
  const [gate, gone] = [new Gate(), new AbortController()];
  using journal = new MortalJournal();
  const before = await world.start({}, { ...journal.services(), ...gate.sources() });
  const { job_id } = (await start(before)).body;
  await gate.reached.promise;
  const { signal } = gone;
  const coming = cameOf(await fetch(`${before.url}/api/v1/jobs/${job_id}/events`, { signal }));
  journal.die();
  gate.release();
  const state = async () => (await ask(before, 'GET', `/api/v1/jobs/${job_id}`)).body.state as string;
  await expect.poll(state, { timeout: 10_000 }).toBe('completed');
  gone.abort();
  const withIds = (events: ReturnType<typeof parseEvents>) => events.filter(({ id }) => id !== undefined);
  const seen = withIds(parseEvents(await coming));

  const stateDirectory = join(world.folder, 'state-of-the-next');
  const after = await world.start({ stateDirectory }, { isHolderAlive: () => false });
  const all = withIds(await follow(after, job_id));
  expect(all.at(-1)).toMatchObject({ event: 'state', data: { state: 'completed', attempt: 2 } });
  expect(seen).toMatchObject([{ data: { state: 'queued' } }, { data: { state: 'running' } }]);
  expect(all.slice(0, seen.length)).toEqual(seen);
  const missed = await follow(after, job_id, { 'last-event-id': String(seen.at(-1)?.id) });
  expect(missed).toEqual(all.slice(seen.length));
});

it('gives a job up that was cut short too often', async () => {
  const ids: string[] = [];
  for (const attempt of [1, 2]) {
    const gate = new Gate();
    const server = await world.start({ jobs: { attempts: 2 } }, gate.sources());
    if (attempt === 1) ids.push((await start(server)).body.job_id);
    await gate.reached.promise;
    await server.close();
  }
  const server = await world.start({ jobs: { attempts: 2 } });
  await follow(server, ids[0] ?? '');
  expect((await ask(server, 'GET', `/api/v1/jobs/${ids[0]}`)).body).toMatchObject({
    state: 'failed',
    error: { code: 'ABORTED', operation: 'resume-jobs' },
  });
});

it('forgets the oldest of the jobs that have ended', async () => {
  const server = await world.start({ jobs: { kept: 1 } });
  const first = (await start(server)).body.job_id as string;
  await follow(server, first);
  const second = (await start(server)).body.job_id as string;
  await follow(server, second);
  await server.close();
  const { body } = await ask(await world.start({ jobs: { kept: 1 } }), 'GET', '/api/v1/jobs');
  expect(body.jobs).toMatchObject([{ job_id: second }]);
});

it('does not run a job again that was to end when its server died', async () => {
  const gate = new Gate();
  const before = await world.start({}, gate.sources());
  const { job_id } = (await start(before)).body;
  await gate.reached.promise;
  await before.close();
  const key = `server-jobs/${job_id}`;
  const { value, revision } = (await world.journal.read(key)) ?? expect.fail('no record');
  const died = { ...(value as { [field: string]: Json }), state: 'running', cancelRequested: true };
  await world.journal.write(key, died, revision, createTestFence());

  const after = await world.start();
  expect((await follow(after, job_id)).at(-1)).toMatchObject({
    event: 'state',
    data: { state: 'cancelled' },
  });
  expect((await ask(after, 'GET', '/api/v1/backup/list')).body).toEqual({ backups: [] });
});

it('leaves nothing of a restore that failed, so that it can be ordered again', async () => {
  const before = await world.start();
  const { job_id } = (await start(before)).body;
  await follow(before, job_id);
  const { backup_id } = (await ask(before, 'GET', `/api/v1/jobs/${job_id}`)).body;
  await before.close();
  let broken = true;
  const { targets = expect.fail('no targets') } = placesIn(world.folder);
  const open = async (name: string) =>
    broken ? breakingCommit(await targets.open(name)) : targets.open(name);
  const server = await world.start({}, { targets: { names: NAMES.targets, open } });
  const order = { backup_id, target: 'lab' };
  const failed = await runJob(server, '/api/v1/restore/start', order);
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'NO_SPACE' } });
  expect((await readdir(world.folder)).filter((name) => name.includes('restored'))).toEqual([]);
  broken = false;
  expect(await runJob(server, '/api/v1/restore/start', order)).toMatchObject({ state: 'completed' });
});

it('takes no job that the journal does not keep', async () => {
  const full = new SendenseError('NO_SPACE', 'the disk is full', { operation: 'write-journal' });
  const journal: Journal = { ...world.journal, write: () => Promise.reject(full) };
  const server = await world.start({}, { journal });
  expect(await start(server)).toMatchObject({ status: 507, body: { error: { code: 'NO_SPACE' } } });
  expect((await ask(server, 'GET', '/api/v1/jobs')).body).toEqual({ jobs: [] });
});

it('serves beside a record that it cannot read, says so in the log, and leaves it where it is', async () => {
  const newer = { schema: 2, id: 'x' };
  await world.journal.write('server-jobs/x', newer, 'absent', createTestFence());
  const logged: string[] = [];
  const server = await world.start({}, { log: ({ message }) => void logged.push(message) });
  const { job_id } = (await start(server)).body;
  await follow(server, job_id);
  expect((await ask(server, 'GET', '/api/v1/jobs')).body.jobs).toMatchObject([
    { job_id, state: 'completed' },
  ]);
  expect(logged).toContainEqual(expect.stringContaining('server-jobs/x'));
  expect((await world.journal.read('server-jobs/x'))?.value).toEqual(newer);
});

it('tells a failure by its code, without words of a defect', async () => {
  const open = async (): Promise<never> => {
    throw new Error('the password is hunter2');
  };
  const server = await world.start({}, { sources: { names: ['web'], open } });
  const { job_id } = (await start(server)).body;
  await follow(server, job_id);
  const { body } = await ask(server, 'GET', `/api/v1/jobs/${job_id}`);
  expect(body).toMatchObject({ state: 'failed', error: { code: 'UNEXPECTED' } });
  expect(JSON.stringify(body)).not.toContain('hunter2');
});
