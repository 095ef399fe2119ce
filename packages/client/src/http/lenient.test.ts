import { jobSchema } from '@sendense/api';
import { expect, it } from 'vitest';
import { lenient } from './lenient.ts';

const finding = { severity: 'info', code: 'x', message: 'y', object: null, disk: null, backup_id: null };
const job = {
  job_id: 'j',
  kind: 'restore',
  state: 'completed',
  vm_name: 'web',
  repository: 'main',
  target: 'lab',
  backup_id: 'b',
  requested_type: null,
  requested_by: 'token:x',
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
    findings: [finding],
  },
  error: null,
};

it('leaves out fields that newer servers added, at any depth', () => {
  const newer = {
    ...job,
    colour: 'blue',
    result: { ...job.result, colour: 1, findings: [{ ...finding, colour: [] }] },
  };
  expect(jobSchema.safeParse(newer).success).toBe(false);
  expect(lenient(jobSchema).parse(newer)).toEqual(job);
});

it('refuses what lacks a field, or has another type', () => {
  const { attempt: _, ...without } = job;
  const wrong = { ...job, result: { ...job.result, findings: [{ ...finding, message: 7 }] } };
  for (const value of [without, wrong, { ...job, state: 'asleep' }, null, []])
    expect(lenient(jobSchema).safeParse(value).success).toBe(false);
});
