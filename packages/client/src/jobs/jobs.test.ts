import type { JobProgress } from '@sendense/api';
import { expect, it } from 'vitest';
import { createClient } from '../create-client.ts';
import type { Fetch } from '../http/fetch.ts';
import type { JobEvent } from './job-event.ts';

const progress = { done_bytes: 1, total_bytes: 2, percent: 50, bytes_per_second: 1, eta_seconds: 1 };
const state = (id: number, name: string) =>
  block(id, 'state', { state: name, attempt: 1, error: null, newer: 'field' });

function block(id: number | null, event: string, data: unknown): string {
  return `${id === null ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

const job = {
  job_id: 'j',
  kind: 'backup',
  state: 'completed',
  vm_name: 'web',
  repository: 'main',
  target: null,
  backup_id: 'b',
  requested_type: null,
  requested_by: 'x',
  attempt: 1,
  cancel_requested: false,
  created_at: '2026-01-01T00:00:00.000Z',
  started_at: null,
  ended_at: null,
  steps: [],
  progress: null,
  result: {
    backup_id: 'b',
    bytes_written: 1,
    duration_ms: 1,
    verified: true,
    verify_ms: 1,
    disks: [],
    findings: [],
  },
  error: null,
};

/** A client whose connections for events bring `streams` one after the other, `null` for none more, and what each asked to go on after. */
function client(streams: readonly (string | null)[], shown: readonly object[] = [job]) {
  const left = [...streams];
  const views = [...shown];
  const after: (string | undefined)[] = [];
  const fetch: Fetch = async (url, { headers }) => {
    if (url.endsWith('/jobs')) return new Response(JSON.stringify({ jobs: shown }));
    if (!url.endsWith('/events'))
      return new Response(JSON.stringify(views.length > 1 ? views.shift() : views[0]));
    after.push(headers['last-event-id']);
    const stream = left.shift();
    if (stream === null) return new Response(null, { status: 204 });
    return new Response(stream ?? '', { headers: { 'content-type': 'text/event-stream' } });
  };
  const reconnect = { delayMs: 1, giveUpMs: 40 };
  return { client: createClient({ url: 'http://127.0.0.1:1', fetch, reconnect }), after };
}

async function all(events: AsyncIterable<JobEvent>): Promise<JobEvent[]> {
  const seen: JobEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

it('asks to go on after the last whole event, and tells no event twice', async () => {
  const torn = state(3, 'completed').slice(0, -1);
  const again = state(1, 'queued') + state(2, 'running') + state(3, 'completed');
  const { client: one, after } = client([state(1, 'queued') + state(2, 'running') + torn, again]);
  const events = await all(one.jobs.events('j'));
  expect(events.map(({ id }) => id)).toEqual([1, 2, 3]);
  expect(events[0]).toEqual({ event: 'state', id: 1, data: { state: 'queued', attempt: 1, error: null } });
  expect(after).toEqual([undefined, '2']);
});

it('tells progress, and leaves out events that only newer servers know without asking for them again', async () => {
  const stream = state(1, 'running') + block(2, 'moon', {}) + block(null, 'progress', progress);
  const { client: one, after } = client([stream, state(3, 'completed')]);
  const told: JobProgress[] = [];
  const ended = await one.jobs.wait('j', { onProgress: (each) => told.push(each) });
  expect(ended).toEqual(job);
  expect(told).toEqual([progress]);
  expect(after).toEqual([undefined, '2']);
});

it('refuses events that are none, at once', async () => {
  const wrong = [
    block(1, 'state', { state: 'asleep' }),
    'id: 1\nevent: state\ndata: {\n\n',
    block(null, 'state', { state: 'running', attempt: 1, error: null }),
    block(1, 'state', {}).replace('id: 1', 'id: x'),
  ];
  for (const stream of wrong) {
    const { client: one, after } = client([stream, state(1, 'completed')]);
    await expect(all(one.jobs.events('j')), stream).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
    expect(after).toHaveLength(1);
  }
});

it('reads jobs that failed in a way that only newer servers know', async () => {
  const error = { code: 'QUANTUM_LOST', message: 'gone', remedy: null, operation: 'x', retry: 'later' };
  const failed = { ...job, state: 'failed', result: null, error };
  const stream = block(1, 'state', { state: 'failed', attempt: 1, error });
  const { client: one } = client([stream, stream], [failed, job]);
  const { jobs } = await one.listJobs();
  expect(jobs).toEqual([failed, job]);
  expect(await all(one.jobs.events('j'))).toMatchObject([{ data: { error } }]);
  await expect(one.jobs.wait('j')).rejects.toMatchObject({
    code: 'UNEXPECTED',
    retry: 'later',
    context: { job: 'j', unknownCode: 'QUANTUM_LOST' },
  });
});

const running = { ...job, state: 'running', result: null };

it('waits on for a job that is done again, because its server was killed before it had noted the end', async () => {
  const again = state(3, 'interrupted') + state(4, 'running') + state(5, 'completed');
  const streams = [state(1, 'running') + state(2, 'completed'), again];
  const { client: one, after } = client(streams, [running, job]);
  const told: JobEvent[] = [];
  expect(await one.jobs.wait('j', { onEvent: (event) => told.push(event) })).toEqual(job);
  expect(told.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
  expect(after).toEqual([undefined, '2']);
});

it('gives up on a server that has no more events of a job that runs', async () => {
  const { client: one } = client(
    Array.from({ length: 200 }, () => null),
    [running],
  );
  await expect(one.jobs.wait('j')).rejects.toMatchObject({ code: 'CONNECTION_LOST', retry: 'exhausted' });
});

it('gives up on a server whose streams open and break off without any news', async () => {
  const streams = Array.from({ length: 200 }, () => 'retry: 5\n\n');
  const { client: one, after } = client([...streams, state(1, 'completed')]);
  await expect(one.jobs.wait('j')).rejects.toMatchObject({ code: 'CONNECTION_LOST', retry: 'exhausted' });
  expect(after.length).toBeGreaterThan(1);
});

it('goes on as long as streams that break off show that the server is there', async () => {
  const streams = Array.from({ length: 5 }, () => 'retry: 20\n\n: \n\n');
  const { client: one, after } = client([...streams, state(1, 'completed')]);
  expect(await one.jobs.wait('j')).toEqual(job);
  expect(after).toHaveLength(6);
});
