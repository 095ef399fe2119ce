import { afterEach, beforeEach, expect, it } from 'vitest';
import type { JobEvent, SendenseClient } from '../src/index.ts';
import { CuttingProxy } from './support/cutting-proxy.ts';
import { clientOf, makeService, type Service } from './support/service.ts';

let service: Service;
beforeEach(async () => {
  service = await makeService();
});
afterEach(() => service[Symbol.asyncDispose]());

/** What a job waits at, until it is let or its server stops. */
class Gate {
  readonly #reached = Promise.withResolvers<void>();
  readonly #open = Promise.withResolvers<void>();
  readonly reached = this.#reached.promise;

  readonly pass = (): Promise<void> => {
    this.#reached.resolve();
    return this.#open.promise;
  };

  release(): void {
    this.#open.resolve();
  }

  /** Everybody who waits gives up. */
  fail(): void {
    this.#open.reject(new Error('the machine went away'));
  }
}

const start = (client: SendenseClient) => client.startBackup({ vm_name: 'web', repository: 'main' });

async function all(events: AsyncIterable<JobEvent>): Promise<JobEvent[]> {
  const seen: JobEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

const ids = (events: readonly JobEvent[]) => events.flatMap(({ id }) => (id === null ? [] : [id]));
const upTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1);

it('waits for a job while its server stops and another one starts, and tells every event once', async () => {
  const gate = new Gate();
  const before = await service.start({}, gate.pass);
  const client = clientOf(before);
  const { job_id: id } = await start(client);
  await gate.reached;
  const events: JobEvent[] = [];
  const seenRunning = Promise.withResolvers<void>();
  const waited = client.jobs.wait(id, {
    onEvent: (event) => {
      events.push(event);
      if (event.event === 'state' && event.data.state === 'running') seenRunning.resolve();
    },
  });
  await seenRunning.promise;
  const closed = before.close();
  gate.release();
  await closed;
  await service.start({ listen: { host: '127.0.0.1', port: Number(new URL(before.url).port) } });
  expect(await waited).toMatchObject({ job_id: id, state: 'completed', attempt: 2 });
  expect(ids(events)).toEqual(upTo(ids(events).length));
  const states = events.flatMap((event) => (event.event === 'state' ? [event.data.state] : []));
  expect(states).toEqual(['queued', 'running', 'interrupted', 'queued', 'running', 'completed']);
});

it('gives events once and in order over a connection that breaks off anywhere', async () => {
  const server = await service.start();
  const direct = clientOf(server);
  const { job_id: id } = await start(direct);
  await direct.jobs.wait(id);
  const whole = await all(direct.jobs.events(id));
  expect(ids(whole)).toEqual(upTo(whole.length));
  // the head of an answer has some hundred bytes, the events more than a thousand
  for (const cut of [700, 900, 1100, 1300]) {
    await using proxy = new CuttingProxy(server.url);
    const client = clientOf({ url: await proxy.listen() });
    proxy.cuts.push(cut);
    expect(await all(client.jobs.events(id)), `cut after ${cut}`).toEqual(whole);
    expect(proxy.connections).toBe(2);
  }
});

it('goes on after the last event that was seen', async () => {
  const client = clientOf(await service.start());
  const { job_id: id } = await start(client);
  await client.jobs.wait(id);
  const whole = await all(client.jobs.events(id));
  expect(await all(client.jobs.events(id, { after: 2 }))).toEqual(whole.slice(2));
  expect(await all(client.jobs.events(id, { after: whole.length }))).toEqual([]);
  expect(await all(client.followJob({ job_id: id }))).toEqual(whole);
});

it('rejects with ABORTED for a job that was cancelled', async () => {
  const gate = new Gate();
  const client = clientOf(await service.start({}, gate.pass));
  const { job_id: id } = await start(client);
  await gate.reached;
  expect(await client.cancelJob({ job_id: id })).toMatchObject({ cancel_requested: true });
  gate.release();
  await expect(client.jobs.wait(id)).rejects.toMatchObject({ code: 'ABORTED', context: { job: id } });
});

it('rejects with the error of a job that failed', async () => {
  const gate = new Gate();
  const client = clientOf(await service.start({}, gate.pass));
  const { job_id: id } = await start(client);
  await gate.reached;
  gate.fail();
  await expect(client.jobs.wait(id)).rejects.toMatchObject({ code: 'UNEXPECTED', context: { job: id } });
  await expect(client.jobs.wait('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('stops waiting when it is told to, and leaves the job alone', async () => {
  const gate = new Gate();
  const client = clientOf(await service.start({}, gate.pass));
  const { job_id: id } = await start(client);
  await gate.reached;
  const stop = new AbortController();
  const onEvent = () => stop.abort();
  await expect(client.jobs.wait(id, { signal: stop.signal, onEvent })).rejects.toMatchObject({
    code: 'ABORTED',
  });
  expect(await client.showJob({ job_id: id })).toMatchObject({ state: 'running', cancel_requested: false });
  gate.release();
  expect(await client.jobs.wait(id)).toMatchObject({ state: 'completed' });
});

it('gives up when the server stays away', async () => {
  const gate = new Gate();
  const server = await service.start({}, gate.pass);
  const client = clientOf(server, { reconnect: { delayMs: 1, giveUpMs: 50 } });
  const { job_id: id } = await start(client);
  await gate.reached;
  const waited = client.jobs.wait(id);
  gate.release();
  await server.close();
  await expect(waited).rejects.toMatchObject({ code: 'CONNECTION_LOST', retry: 'exhausted' });
});
