import { type Journal, SendenseError, systemClock } from '@sendense/core';
import { createEngine } from '@sendense/engine';
import { createMemoryJournal, createTestFence } from '@sendense/testkit';
import { expect, it } from 'vitest';
import type { Principal } from '../access/principal.ts';
import { JobJournal } from './job-journal.ts';
import { JOB_PREFIX, type JobOrder, type JobResult } from './job-record.ts';
import { Jobs } from './jobs.ts';

const callerOf = (tenant: string): Principal => ({
  id: `token:${tenant}`,
  kind: 'token',
  role: 'operator',
  tenant,
});
const ACME = callerOf('acme');
const GLOBEX = callerOf('globex');

const backupOf = (vmName: string): JobOrder => ({
  kind: 'backup',
  vmName,
  repository: 'main',
  type: 'auto',
  allowFull: false,
});

/** A journal that takes what is written until it is full. */
function fillableJournal() {
  const memory = createMemoryJournal();
  let isFull = false;
  const write: Journal['write'] = (...given) =>
    isFull ? Promise.reject(new Error('full')) : memory.write(...given);
  const fill = () => {
    isFull = true;
  };
  return { journal: { ...memory, write }, fill };
}

/** A journal whose writes of values fail though they are durable; those that remove do too where `isStuck`. */
function journalThatKeeps({ isStuck = false } = {}) {
  const memory = createMemoryJournal();
  const write: Journal['write'] = async (key, value, ...given) => {
    if (value !== undefined || !isStuck) await memory.write(key, value, ...given);
    if (value === undefined && !isStuck) return 0;
    throw new SendenseError('CONNECTION_LOST', 'nobody answered', { operation: 'write-journal' });
  };
  return { memory, journal: { ...memory, write } };
}

/** Jobs that run one at a time, each until it is let end. */
function oneAtATime({ waiting = 10, kept = 10, journal = createMemoryJournal() } = {}) {
  const fence = createTestFence();
  const isHolderAlive = () => true;
  const begun: { readonly vmName: string; readonly end: () => void }[] = [];
  const jobs = new Jobs({
    engine: createEngine({ journal, fence, isHolderAlive }),
    journal: new JobJournal(journal, fence),
    fence,
    isHolderAlive,
    serverId: 'here',
    clock: systemClock,
    log: () => undefined,
    limits: { parallel: 1, attempts: 5, waiting, kept },
    run: ({ order: { vmName } }) =>
      new Promise((resolve) => {
        begun.push({ vmName, end: () => resolve({} as JobResult) });
      }),
    undo: async () => undefined,
  });
  jobs.begin();
  const nth = (count: number) =>
    expect
      .poll(() => begun.length)
      .toBe(count)
      .then(() => begun[count - 1]);
  return { jobs, begun, nth };
}

it('gives each tenant its turn, however many jobs one of them has', async () => {
  const { jobs, begun, nth } = oneAtATime();
  for (const vm of ['a1', 'a2', 'a3']) await jobs.start(backupOf(vm), ACME);
  for (const vm of ['g1', 'g2']) await jobs.start(backupOf(vm), GLOBEX);
  for (const count of [1, 2, 3, 4, 5]) (await nth(count))?.end();
  expect(begun.map(({ vmName }) => vmName)).toEqual(['a1', 'g1', 'a2', 'g2', 'a3']);
});

it('lets the jobs of one tenant that wait take no place of another', async () => {
  const { jobs, nth } = oneAtATime({ waiting: 1 });
  await jobs.start(backupOf('a1'), ACME);
  await nth(1);
  await jobs.start(backupOf('a2'), ACME);
  await expect(jobs.start(backupOf('a3'), ACME)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  await expect(jobs.start(backupOf('g1'), GLOBEX)).resolves.toBeDefined();
});

it('tells of a job and of its events once the journal has them', async () => {
  const memory = createMemoryJournal();
  const asked: PromiseWithResolvers<void>[] = [];
  const write: Journal['write'] = async (...given) => {
    asked.push(Promise.withResolvers<void>());
    await asked.at(-1)?.promise;
    return memory.write(...given);
  };
  const { jobs, nth } = oneAtATime({ journal: { ...memory, write } });
  const nthWritten = async (count: number) => {
    await expect.poll(() => asked.length).toBe(count);
    asked[count - 1]?.resolve();
  };
  const started = jobs.start(backupOf('a1'), ACME);
  expect(jobs.list(ACME)).toEqual([]);
  await nthWritten(1);
  const { record } = await started;
  const told = () => jobs.get(record.id, ACME).toldEvents.map(({ data }) => data);
  expect(record.events).toHaveLength(2);
  expect(told()).toMatchObject([{ state: 'queued' }]);
  await nthWritten(2);
  (await nth(1))?.end();
  await expect.poll(() => record.state).toBe('completed');
  expect(told()).toMatchObject([{ state: 'queued' }, { state: 'running' }]);
  await nthWritten(3);
  await expect.poll(told).toMatchObject([{}, {}, { state: 'completed' }]);
});

it('tells of what the journal refuses too: nobody would hear of the end of the job', async () => {
  const { journal, fill } = fillableJournal();
  const { jobs, nth } = oneAtATime({ journal });
  const job = await jobs.start(backupOf('a1'), ACME);
  const running = await nth(1);
  fill();
  running?.end();
  await expect.poll(() => job.toldEvents.at(-1)?.data).toMatchObject({ state: 'completed' });
});

it('runs an order that was refused at no later start, also where the journal had kept what it rejected', async () => {
  const { memory, journal } = journalThatKeeps();
  const { jobs } = oneAtATime({ journal });
  const started = jobs.start(backupOf('a1'), ACME);
  await expect(started).rejects.toMatchObject({ code: 'CONNECTION_LOST', effect: 'none' });
  expect(jobs.list(ACME)).toEqual([]);
  const next = oneAtATime({ journal: memory });
  await next.jobs.load();
  expect(next.jobs.list(ACME)).toEqual([]);
});

it('says of an order that cannot be taken out of the journal again that its effect is not known', async () => {
  const { memory, journal } = journalThatKeeps({ isStuck: true });
  const { jobs } = oneAtATime({ journal });
  const error: unknown = await jobs.start(backupOf('a1'), ACME).catch((refusal: unknown) => refusal);
  const next = oneAtATime({ journal: memory });
  await next.jobs.load();
  const [job] = next.jobs.list(ACME);
  expect(error).toMatchObject({
    code: 'CONNECTION_LOST',
    effect: 'unknown',
    remedy: expect.stringContaining(String(job?.record.id)),
  });
});

it('cancels a job that waits at once, which no later start runs', async () => {
  const memory = createMemoryJournal();
  const { jobs, begun, nth } = oneAtATime({ journal: memory });
  await jobs.start(backupOf('a1'), ACME);
  const first = await nth(1);
  const { record } = await jobs.start(backupOf('a2'), ACME);
  await jobs.cancel(jobs.get(record.id, ACME));
  const kept = await memory.read(JOB_PREFIX + record.id);
  for (const each of [record, kept?.value])
    expect(each).toMatchObject({ state: 'cancelled', cancelRequested: true });
  await jobs.start(backupOf('a3'), ACME);
  first?.end();
  await nth(2);
  expect(begun.map(({ vmName }) => vmName)).toEqual(['a1', 'a3']);
});

it('ends jobs also where the journal refuses that they were cancelled, and tells none as cancelled that may run', async () => {
  const { journal, fill } = fillableJournal();
  const { jobs, begun, nth } = oneAtATime({ journal });
  const running = await jobs.start(backupOf('a1'), ACME);
  const first = await nth(1);
  const waiting = await jobs.start(backupOf('a2'), ACME);
  fill();
  for (const job of [running, waiting]) await expect(jobs.cancel(job)).rejects.toThrow('full');
  expect(running.stop.signal.aborted).toBe(true);
  expect(waiting.record).toMatchObject({ state: 'queued', cancelRequested: true });
  first?.end();
  await expect.poll(() => waiting.record.state).toBe('cancelled');
  expect(begun).toHaveLength(1);
});

it('cancels a job that began while that was written, and leaves those that wait', async () => {
  const memory = createMemoryJournal();
  const written = Promise.withResolvers<void>();
  let heldKey = '';
  const write: Journal['write'] = async (...given) => {
    if (given[0] === heldKey) await written.promise;
    return memory.write(...given);
  };
  const { jobs, begun, nth } = oneAtATime({ journal: { ...memory, write } });
  await jobs.start(backupOf('a1'), ACME);
  const first = await nth(1);
  const job = await jobs.start(backupOf('a2'), ACME);
  await jobs.start(backupOf('a3'), ACME);
  heldKey = JOB_PREFIX + job.record.id;
  const cancelled = jobs.cancel(job);
  first?.end();
  await expect.poll(() => job.record.state).toBe('running');
  written.resolve();
  await cancelled;
  await nth(2);
  expect(job.record.state).toBe('cancelled');
  expect(begun.map(({ vmName }) => vmName)).toEqual(['a1', 'a3']);
});

it('keeps of each tenant the job that ended last', async () => {
  const { jobs, nth } = oneAtATime({ kept: 1 });
  const first = await jobs.start(backupOf('g1'), GLOBEX);
  (await nth(1))?.end();
  for (const [index, vm] of ['a1', 'a2'].entries()) {
    await jobs.start(backupOf(vm), ACME);
    (await nth(index + 2))?.end();
  }
  const namesOf = (caller: Principal) => jobs.list(caller).map(({ record }) => record.order.vmName);
  await expect.poll(() => namesOf(ACME)).toEqual(['a2']);
  expect(jobs.list(GLOBEX)).toEqual([first]);
});
