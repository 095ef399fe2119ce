import type { JobView } from '@sendense/api';
import type { CompletedJob, SendenseClient, WaitCall } from '@sendense/client';
import { type ErrorCode, SendenseError } from '@sendense/core';
import { expect, it } from 'vitest';
import type { DiskProgress } from '../../output/progress-events.ts';
import type { Session } from '../../session/session.ts';
import type { Desk } from './desk.ts';
import { finishJob } from './finish-job.ts';

const JOB = { job_id: 'j', vm_name: 'web' } as JobView;
const DONE = { job_id: 'j', state: 'completed' } as CompletedJob;
const lost = () => new SendenseError('CONNECTION_LOST', 'the server went away', { operation: 'x' });
const aborted = () => new SendenseError('ABORTED', 'the job was cancelled', { operation: 'wait-job' });

/** What waiting for a job brings. */
type Wait = (call: WaitCall) => Promise<CompletedJob>;

/** A wait during which the user signals. */
const interrupted =
  (user: AbortController): Wait =>
  () => {
    user.abort();
    return Promise.reject(aborted());
  };

/** Work at a made-up server that answers `waits` one after the other; what is shown and cancelled meanwhile. */
function deskWith(waits: readonly Wait[], cancel = async () => JOB, user = new AbortController()) {
  const left = [...waits];
  const shown: DiskProgress[] = [];
  const cancelled: string[] = [];
  const wait = (_: string, call: WaitCall = {}) => left.shift()?.(call) ?? Promise.reject(lost());
  const client = {
    jobs: { wait } as Pick<SendenseClient['jobs'], 'wait'>,
    cancelJob: ({ job_id }: { job_id: string }) => {
      cancelled.push(job_id);
      return cancel();
    },
  } as unknown as SendenseClient;
  const session = { stop: { signal: user.signal }, log: () => undefined } as unknown as Session;
  const progress = { update: (now: DiskProgress) => void shown.push(now), end: () => undefined };
  const desk: Desk = { session, client, progress };
  return { desk, shown, cancelled };
}

it('shows how far the job is, by the name of its machine', async () => {
  const { desk, shown, cancelled } = deskWith([
    async ({ onProgress }) => {
      onProgress?.({ done_bytes: 1, total_bytes: 4, percent: 25, bytes_per_second: 2, eta_seconds: null });
      return DONE;
    },
  ]);
  expect(await finishJob(desk, JOB)).toBe(DONE);
  expect(shown).toMatchObject([{ jobId: 'j', disk: 'web', doneBytes: 1, totalBytes: 4, percent: 25 }]);
  expect(cancelled).toEqual([]);
});

it('cancels the job when the user signals, and gives what it came to', async () => {
  for (const [end, outcome] of [
    [async () => DONE, { state: 'completed' }],
    [() => Promise.reject(aborted()), { code: 'ABORTED' }],
  ] as const) {
    const user = new AbortController();
    const { desk, cancelled } = deskWith([interrupted(user), end], undefined, user);
    expect(await finishJob(desk, JOB).catch((error: unknown) => error)).toMatchObject(outcome);
    expect(cancelled).toEqual(['j']);
  }
});

it('claims no end of a job that could not be cancelled', async () => {
  const user = new AbortController();
  const { desk } = deskWith([interrupted(user)], () => Promise.reject(lost()), user);
  await expect(finishJob(desk, JOB)).rejects.toMatchObject({
    code: 'CONNECTION_LOST',
    message: 'the server went away; the job of web goes on at the server',
    context: { job: 'j' },
  });
});

it('tells the failure of the job as the server does, and that a job goes on where the way to it failed', async () => {
  const failed = new SendenseError('NO_SPACE', 'the disk is full', { operation: 'x', context: { job: 'j' } });
  const { desk } = deskWith([() => Promise.reject(failed), () => Promise.reject(lost())]);
  await expect(finishJob(desk, JOB)).rejects.toBe(failed);
  await expect(finishJob(desk, JOB)).rejects.toMatchObject({
    code: 'CONNECTION_LOST',
    remedy: expect.stringContaining('jobs cancel --job j') as string,
  });
});

it('says that a job goes on only where the server was away, and not where it answered something else', async () => {
  const told = async (code: ErrorCode) => {
    const refusal = new SendenseError(code, 'no', { operation: 'followJob', context: { status: 400 } });
    const { desk } = deskWith([() => Promise.reject(refusal)]);
    return finishJob(desk, JOB).catch((error: unknown) => error);
  };
  for (const code of ['PROTOCOL_VIOLATION', 'AUTHENTICATION_FAILED', 'PERMISSION_DENIED'] as const)
    expect(await told(code)).toMatchObject({
      code,
      message: 'no; what became of the job of web is not known',
      context: { job: 'j' },
    });
  expect(await told('NOT_FOUND')).toMatchObject({ message: 'no' });
});
