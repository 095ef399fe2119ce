import { setTimeout as delay } from 'node:timers/promises';
import { listNbdExports } from '@sendense/blockio-nbd/client';
import { type Call, SendenseError } from '@sendense/core';
import { childOf, childrenOf, parseXml } from '@sendense/platform-kvm/domain';
import type { DomainSession } from './domain-session.ts';
import { isScratchSocket } from './scratch-folder.ts';

const LOOK_MS = 10;
/** The longest wait for a job to end: it waits for the requests that it has under way. */
const END_MS = 60_000;
/** The longest wait for a job to begin. */
const BEGIN_MS = 10_000;

/** A backup job that the domain has. */
type Job = {
  /** Where it listens; empty without a unix socket. */
  readonly socket: string;
  /** How many disks it exports. */
  readonly disks: number;
};

async function findJob(session: DomainSession, call?: Call): Promise<Job | undefined> {
  const xml = await session.find('backup-dumpxml', [], call);
  if (xml === undefined) return undefined;
  const job = parseXml(xml);
  const disks = childrenOf(childOf(job, 'disks'), 'disk');
  return {
    socket: childOf(job, 'server')?.attributes.get('socket') ?? '',
    disks: disks.filter(({ attributes }) => attributes.get('backup') !== 'no').length,
  };
}

/** Whether the domain has the backup job that listens on `socket`. A domain that is gone has none. */
export async function hasJob(session: DomainSession, socket: string, call?: Call): Promise<boolean> {
  return (await findJob(session, call))?.socket === socket;
}

/** Rejects with `LOCKED` when the domain has a backup job: libvirt allows one, and lets the next one wait unseen. */
export async function checkNoJob(session: DomainSession, call?: Call): Promise<void> {
  const job = await findJob(session, call);
  if (job === undefined) return;
  throw new SendenseError('LOCKED', 'another backup job runs on the machine', {
    operation: 'begin-capture',
    remedy: 'repeat when it has ended; "virsh domjobabort" ends one that was left behind',
    context: { socket: job.socket },
  });
}

/** What libvirt answers about a backup job that it has begun to set up (`qemuBackupGetJobInfoStats` of libvirt 9.0). */
const UNSHOWN_JOB = /backup job data missing/;

/** Whether libvirt has a backup job under its hands that it does not show yet, or no more. */
async function isBusy(session: DomainSession): Promise<boolean> {
  const info = await session.find('domjobinfo').catch((error: unknown) => {
    if (SendenseError.is(error, 'NOT_OPEN')) return undefined; // a stopped domain begins nothing
    if (SendenseError.is(error) && UNSHOWN_JOB.test(error.message)) return 'Operation: Backup';
    throw error;
  });
  return /^Operation:\s+Backup\s*$/m.test(info ?? '');
}

/** Whether the job has all that it needs: its exports come last. Of jobs that are not ours nobody can look. */
async function isBegun({ socket, disks }: Job): Promise<boolean> {
  if (!isScratchSocket(socket)) return true;
  const exports = await listNbdExports({ address: { kind: 'unix', path: socket } }).catch(() => []);
  return exports.length >= disks;
}

/**
 * Waits until libvirt is not beginning a job, and resolves with the socket of the one that is there, if any. A process
 * that was killed leaves a `backup-begin` that libvirt still goes on with, and libvirt 9.0 crashes when a checkpoint is
 * deleted under its hands.
 */
export async function settledJob(session: DomainSession): Promise<string | undefined> {
  for (const end = performance.now() + BEGIN_MS; ; await delay(LOOK_MS)) {
    const job = await findJob(session);
    const settled = job === undefined ? !(await isBusy(session)) : await isBegun(job);
    if (settled || performance.now() > end) return job?.socket; // it never served anything, or cannot be looked into
  }
}

/** Ends the job that listens on `socket`, and no other one. Tells whether there was one. */
export async function endJob(session: DomainSession, socket: string): Promise<boolean> {
  if ((await settledJob(session)) !== socket) return false;
  await session.run('domjobabort').catch((error: unknown) => {
    if (!SendenseError.is(error, 'NOT_OPEN')) throw error; // it ended meanwhile
  });
  for (let waitedMs = 0; waitedMs < END_MS; waitedMs += LOOK_MS) {
    if (!(await hasJob(session, socket))) return true;
    await delay(LOOK_MS);
  }
  throw new SendenseError('TIMEOUT', `the backup job did not end within ${END_MS} ms`, {
    operation: 'end-capture',
    remedy: 'check whether the storage of the machine hangs',
  });
}
