import type { Json, LogRecord } from '@sendense/core';
import { createMemoryJournal, createTestFence } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { JobJournal } from './job-journal.ts';
import { JOB_PREFIX } from './job-record.ts';

/** An ended job as it was written before a server noted whose it is, and results told more. */
const EARLIER = {
  schema: 1,
  id: 'j',
  runId: 'j',
  state: 'completed',
  principal: 'local',
  tenant: null,
  holder: 'h',
  attempt: 1,
  cancelRequested: false,
  createdAt: '2026-11-22T12:00:00.000Z',
  startedAt: '2026-11-22T12:00:01.000Z',
  endedAt: '2026-11-22T12:00:02.000Z',
  error: null,
  events: [],
};
const BACKUP_ORDER = { kind: 'backup', vmName: 'web', repository: 'main', type: 'auto', allowFull: false };
const BACKUP_RESULT = {
  backup_id: 'p',
  backup_type: 'full',
  reason: 'first-backup',
  reason_text: 'there is no backup yet',
  parent_id: null,
  instant: '2026-11-22T12:00:01.500Z',
  consistency: 'crash',
  bytes_read: 3,
  changed_bytes: 2,
  bytes_stored: 1,
  duration_ms: 500,
  disks: [{ id: 'disk-0', size_bytes: 4096, bytes_stored: 1 }],
  findings: [{ severity: 'info', code: 'c', message: 'm', object: null }],
};
const RESTORE_ORDER = {
  kind: 'restore',
  vmName: 'web',
  repository: 'main',
  backupId: 'p',
  target: 'lab',
  disks: null,
  overwrite: false,
  verify: true,
};
const RESTORE_RESULT = {
  backup_id: 'p',
  bytes_written: 3,
  duration_ms: 500,
  verified: true,
  disks: [{ id: 'disk-0', size_bytes: 4096 }],
  findings: [],
};

/** The results of the jobs that a server reads of its journal, and what it logs of it. */
async function resultsOf(...records: readonly Json[]) {
  const journal = createMemoryJournal();
  const fence = createTestFence();
  for (const [index, record] of records.entries())
    await journal.write(`${JOB_PREFIX}${index}`, record, 'absent', fence);
  const logged: LogRecord[] = [];
  const read = await new JobJournal(journal, fence).load((record) => void logged.push(record));
  return { results: read.map(({ result }) => result), logged };
}

it('reads jobs that ended before results told of the machine, the kinds of disks and how long a restore was verified', async () => {
  const { results, logged } = await resultsOf(
    { ...EARLIER, order: BACKUP_ORDER, result: BACKUP_RESULT },
    { ...EARLIER, createdAt: '2026-11-22T12:01:00.000Z', order: RESTORE_ORDER, result: RESTORE_RESULT },
  );
  expect(logged).toEqual([]);
  expect(results).toEqual([
    {
      ...BACKUP_RESULT,
      vm_name: 'web',
      machine_id: '',
      skipped: [],
      disks: [{ ...BACKUP_RESULT.disks[0], backup_type: 'full', reason: 'first-backup' }],
      findings: [{ ...BACKUP_RESULT.findings[0], disk: null, backup_id: null }],
    },
    { ...RESTORE_RESULT, verify_ms: 0 },
  ]);
});

it('keeps what a record tells, and takes no result for whole that lacks what every version noted', async () => {
  const told = {
    ...BACKUP_RESULT,
    vm_name: 'web as it was',
    machine_id: 'k',
    skipped: [{ id: 'disk-1', reason: 'excluded' }],
    disks: [{ ...BACKUP_RESULT.disks[0], backup_type: 'incremental', reason: null }],
    findings: [],
  };
  const { backup_id: _, ...lacking } = BACKUP_RESULT;
  const { results, logged } = await resultsOf(
    { ...EARLIER, order: BACKUP_ORDER, result: told },
    { ...EARLIER, id: 'k', order: BACKUP_ORDER, result: lacking },
  );
  expect(results).toEqual([told]);
  expect(logged).toMatchObject([{ level: 'error', fields: { key: `${JOB_PREFIX}1` } }]);
});
