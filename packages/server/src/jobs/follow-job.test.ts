import { expect, it } from 'vitest';
import { followJob } from './follow-job.ts';
import { Job } from './job.ts';
import type { JobRecord } from './job-record.ts';

const record: JobRecord = {
  schema: 1,
  id: 'j',
  runId: 'j',
  order: { kind: 'backup', vmName: 'web', repository: 'main', type: 'auto', allowFull: false },
  state: 'queued',
  principal: 'local',
  tenant: null,
  server: 'here',
  holder: 'h',
  attempt: 1,
  cancelRequested: false,
  createdAt: '2026-11-22T12:00:00.000Z',
  startedAt: null,
  endedAt: null,
  result: null,
  error: null,
  events: [],
};
const progress = { doneBytes: 1, totalBytes: 4, percent: 25, bytesPerSecond: 1, etaSeconds: 3 };
const never = new AbortController().signal;

function newJob(): Job {
  return new Job({ ...record, events: [] });
}

/** As after a write of the journal. */
function tellAll(job: Job): void {
  job.tell(job.lastEventId);
}

async function rest(events: AsyncIterable<string>): Promise<string[]> {
  const texts: string[] = [];
  for await (const text of events) texts.push(text);
  return texts;
}

it('waits for news, tells progress without an id, and ends with the job', async () => {
  const job = newJob();
  job.change({ state: 'queued' });
  tellAll(job);
  const events = followJob(job, 0, never);
  expect((await events.next()).value).toBe('retry: 2000\n\n');
  expect((await events.next()).value).toMatch(/^id: 1\nevent: state\ndata: \{"state":"queued"/);
  const waiting = events.next();
  job.showProgress(progress);
  expect((await waiting).value).toBe(
    'event: progress\ndata: {"done_bytes":1,"total_bytes":4,"percent":25,"bytes_per_second":1,"eta_seconds":3}\n\n',
  );
  job.change({ state: 'completed' });
  tellAll(job);
  expect(await rest(events)).toEqual([expect.stringMatching(/^id: 2\nevent: state\n/)]);
});

it('shows a reader that comes late the newest progress only, and every event', async () => {
  const job = newJob();
  job.change({ state: 'running' });
  const events = followJob(job, 0, never);
  await events.next();
  for (const percent of [30, 40, 50]) job.showProgress({ ...progress, percent });
  job.addEvent('step', { step: 'copy' });
  tellAll(job);
  expect((await events.next()).value).toContain('"running"');
  expect((await events.next()).value).toContain('"copy"');
  expect((await events.next()).value).toContain('"percent":50');
});

it('keeps back what is not told yet, and does not end before the end is told', async () => {
  const job = newJob();
  const events = followJob(job, 0, never);
  await events.next();
  job.change({ state: 'running' });
  const waiting = events.next();
  job.showProgress(progress);
  expect((await waiting).value).toContain('event: progress');
  tellAll(job);
  expect((await events.next()).value).toContain('"running"');
  job.addEvent('step', { step: 'copy' });
  const { lastEventId } = job;
  job.change({ state: 'completed' });
  job.tell(lastEventId);
  expect((await events.next()).value).toContain('"copy"');
  const end = events.next();
  tellAll(job);
  expect((await end).value).toContain('"completed"');
  expect(await rest(events)).toEqual([]);
});

it('ends when the client goes while nothing happens', async () => {
  const gone = new AbortController();
  const events = followJob(newJob(), 0, gone.signal);
  await events.next();
  const waiting = events.next();
  gone.abort();
  expect(await waiting).toEqual({ done: true, value: undefined });
});

it('keeps the first findings of a job that has very many, and says so', () => {
  const job = newJob();
  const kept = Array.from({ length: 300 }, (_, index) => job.addEvent('finding', { index }));
  expect(kept.filter(Boolean)).toHaveLength(200);
  expect(job.addEvent('step', {})).toBe(true);
});
