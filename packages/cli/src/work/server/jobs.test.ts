import type { JobView } from '@sendense/api';
import type { SendenseClient } from '@sendense/client';
import { expect, it } from 'vitest';
import { jobsCancel } from '../../verbs/jobs-cancel.ts';
import type { Work } from '../work.ts';
import type { Desk } from './desk.ts';
import { cancelJob } from './jobs.ts';

/** What `jobs cancel` prints of a server's answer: as JSON, and for a person. */
async function printed(answer: Pick<JobView, 'state' | 'cancel_requested'>) {
  const client = { cancelJob: async () => ({ job_id: 'j', ...answer }) } as unknown as SendenseClient;
  const work = { cancelJob: (options) => cancelJob({ client } as Desk, options) } as Work;
  if (!('runBy' in jobsCancel)) throw new Error('no server cancels jobs');
  const { json, lines } = await jobsCancel.runBy(work, { job: 'j' });
  return [json.state, json.requested, ...lines];
}

it('asks a job that runs to end, and tells that one that waited has ended', async () => {
  expect(await printed({ state: 'running', cancel_requested: true })).toEqual([
    'running',
    true,
    'asked to cancel j',
  ]);
  expect(await printed({ state: 'cancelled', cancel_requested: true })).toEqual([
    'cancelled',
    true,
    'j is cancelled',
  ]);
});

it('tells that a job had ended already, also one that was asked to end too late', async () => {
  for (const cancel_requested of [false, true])
    expect(await printed({ state: 'completed', cancel_requested })).toEqual([
      'completed',
      false,
      'j is completed already',
    ]);
});
