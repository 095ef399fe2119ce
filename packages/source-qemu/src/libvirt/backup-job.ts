import { setTimeout as delay } from 'node:timers/promises';
import { type Call, SendenseError } from '@sendense/core';
import { childOf, parseXml } from '@sendense/platform-kvm/domain';
import type { DomainSession } from './domain-session.ts';

const LOOK_MS = 10;
/** The longest wait for a job to end: it waits for the requests that it has under way. */
const END_MS = 60_000;

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

/** Ends the job that listens on `socket`, and no other one. Tells whether there was one. */
export async function endJob(session: DomainSession, socket: string): Promise<boolean> {
  if (!(await hasJob(session, socket))) return false;
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
