import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { type Finding, SendenseError } from '@sendense/core';
import { systemTimer, type Timer } from '@sendense/plugin-kit';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { sendSignal } from '../system/send-signal.ts';
import { isKept, type MountRecord, readRecords, sessionPaths } from './mount-record.ts';
import { openDirectory } from './reconcile-mounts.ts';
import { removeRests } from './remove-rests.ts';
import { unmountVolumes } from './unmount-volumes.ts';

/** Which mount is to end, and how. */
export type UnmountRequest = {
  /** The folder of all mounts. */
  readonly directory: string;
  /** Its id, or the folder that shows the files. */
  readonly mount: string;
  /** Also while somebody has something open in it. */
  readonly force: boolean;
};

/** A mount of any process. */
export type MountInfo = MountRecord & {
  /** Whether the process that serves its bytes lives; without it files give errors. */
  readonly isKept: boolean;
};

const LOOK_MS = 20;
const MOST_END_MS = 30_000;

/** The mounts of all processes of this machine that use the folder. */
export async function listMounts(directory: string): Promise<readonly MountInfo[]> {
  const records = await readRecords(await openDirectory(directory));
  return records.map((record) => ({ ...record, isKept: isKept(record) }));
}

/**
 * Ends a mount of another process, or what is left of one. Rejects with `NOT_FOUND`, `LOCKED` while somebody has something open in it,
 * `UNSUPPORTED` for one of a process that is not dedicated to it.
 */
export async function unmountPoint(
  { directory, mount, force }: UnmountRequest,
  timer: Timer = systemTimer,
): Promise<{ readonly record: MountRecord; readonly findings: readonly Finding[] }> {
  const place = await openDirectory(directory);
  const records = await readRecords(place);
  const record = records.find(({ id, path }) => id === mount || path === resolve(mount));
  if (record === undefined) throw unknown(mount, records);
  const keeper = isKept(record) ? keeperOf(record) : undefined;
  const findings = await unmountVolumes(place, record, force);
  if (keeper !== undefined) await endKeeper(place, record, keeper, timer);
  return { record, findings: [...findings, ...(await removeRests(place, record))] };
}

/** Asks the process that keeps the mount to end, and waits until it has, or has let go of it. Rejects with `TIMEOUT` when it does not. */
async function endKeeper(directory: string, record: MountRecord, pid: number, timer: Timer): Promise<void> {
  sendSignal(pid, 'SIGTERM');
  const endMs = timer.monotonicMs() + MOST_END_MS;
  while (isKept(record) && (await isRecorded(directory, record))) {
    if (timer.monotonicMs() > endMs)
      throw new SendenseError('TIMEOUT', `process ${pid}, which keeps the mount, does not end`, {
        operation: 'unmount-point',
        remedy: 'end that process, then unmount again',
        context: { pid },
      });
    await timer.sleep(LOOK_MS);
  }
}

/** The id of the process that keeps a mount. Throws `UNSUPPORTED` for one that is not to be ended from here. */
function keeperOf(record: MountRecord): number {
  const [, host, pid] = /^(.*):(\d+):[^:]*$/u.exec(record.keeper) ?? [];
  if (host !== hostname()) throw notHere(record, `runs on ${host ?? 'another machine'}`);
  if (!record.dedicated) throw notHere(record, 'has other things to do');
  return Number(pid);
}

async function isRecorded(directory: string, { id }: MountRecord): Promise<boolean> {
  return (await nodeFileSystem.stat(sessionPaths(directory, id).record)) !== undefined;
}

function unknown(mount: string, records: readonly MountRecord[]): SendenseError {
  const known = records.map(({ id, path }) => `${id} (${path})`).join(', ');
  return new SendenseError('NOT_FOUND', `there is no mount ${JSON.stringify(mount)}`, {
    operation: 'unmount-point',
    remedy: known === '' ? 'nothing is mounted' : `name one of: ${known}`,
  });
}

function notHere({ id, keeper }: MountRecord, why: string): SendenseError {
  return new SendenseError('UNSUPPORTED', `the process that keeps the mount ${id} ${why}`, {
    operation: 'unmount-point',
    remedy: 'end the mount by the program that made it, where that runs',
    context: { keeper },
  });
}
