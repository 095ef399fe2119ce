import { systemClock } from '@sendense/core';
import { createEngine } from '@sendense/engine';
import { createMemoryJournal, createTestFence } from '@sendense/testkit';
import { expect, it } from 'vitest';
import type { Principal } from '../access/principal.ts';
import { JobJournal } from './job-journal.ts';
import type { JobOrder, JobResult } from './job-record.ts';
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

/** Jobs that run one at a time, each until it is let end. */
function oneAtATime({ waiting = 10, kept = 10 } = {}) {
  const journal = createMemoryJournal();
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
