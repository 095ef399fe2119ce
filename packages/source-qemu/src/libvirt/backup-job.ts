import { setTimeout as delay } from 'node:timers/promises';
import { listNbdExports } from '@sendense/blockio-nbd/client';
import { type Call, SendenseError } from '@sendense/core';
import { childOf, parseXml } from '@sendense/platform-kvm/domain';
import type { DomainSession } from './domain-session.ts';

const LOOK_MS = 10;
/** The longest wait for a job to end: it waits for the requests that it has under way. */
const END_MS = 60_000;
/** The longest wait for a job to begin. */
const BEGIN_MS = 10_000;

/** The socket of the backup job that the domain has; `undefined` without one, empty for a job without a unix socket. */
export async function jobSocket(session: DomainSession, call?: Call): Promise<string | undefined> {
  const xml = await session.find('backup-dumpxml', [], call);
  if (xml === undefined) return undefined;
  return childOf(parseXml(xml), 'server')?.attributes.get('socket') ?? '';
}

/** Whether the domain has the backup job that listens on `socket`. A domain that is gone has none. */
export async function hasJob(session: DomainSession, socket: string, call?: Call): Promise<boolean> {
  return (await jobSocket(session, call)) === socket;
}

/** Rejects with `LOCKED` when the domain has a backup job: libvirt allows one, and lets the next one wait unseen. */
export async function checkNoJob(session: DomainSession, call?: Call): Promise<void> {
  const socket = await jobSocket(session, call);
  if (socket === undefined) return;
  throw new SendenseError('LOCKED', 'another backup job runs on the machine', {
    operation: 'begin-capture',
    remedy: 'repeat when it has ended; "virsh domjobabort" ends one that was left behind',
    context: { socket },
  });
}

/** What libvirt answers about a backup job that it has begun to set up (`qemuBackupGetJobInfoStats` of libvirt 9.0). */
const UNSHOWN_JOB = /backup job data missing/;

/** Whether libvirt is just beginning a backup job: it is busy with one that it does not show yet. */
async function isBeginning(session: DomainSession): Promise<boolean> {
  if ((await jobSocket(session)) !== undefined) return false;
  const info = await session.find('domjobinfo').catch((error: unknown) => {
    if (SendenseError.is(error, 'NOT_OPEN')) return undefined; // a stopped domain begins nothing
    if (SendenseError.is(error) && UNSHOWN_JOB.test(error.message)) return 'Operation: Backup';
    throw error;
  });
  return /^Operation:\s+Backup\s*$/m.test(info ?? '');
}

/** Whether the job has all that it needs: its exports come last. */
async function isBegun(socket: string): Promise<boolean> {
  const exports = await listNbdExports({ address: { kind: 'unix', path: socket } }).catch(() => []);
  return exports.length > 0;
}

/**
 * Waits until the job on `socket` is no longer being begun: a process that was killed leaves a virsh that still begins
 * one, and libvirt 9.0 crashes when its checkpoint is deleted under its hands. Tells whether the job is there.
 */
async function settled(session: DomainSession, socket: string): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < BEGIN_MS; waitedMs += LOOK_MS) {
    const there = await hasJob(session, socket);
    if (there ? await isBegun(socket) : !(await isBeginning(session))) return there;
    await delay(LOOK_MS);
  }
  return await hasJob(session, socket); // it never served anything, or cannot be looked into
}

/** Ends the job that listens on `socket`, and no other one. Tells whether there was one. */
export async function endJob(session: DomainSession, socket: string): Promise<boolean> {
  if (!(await settled(session, socket))) return false;
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
