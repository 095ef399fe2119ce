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

/**
 * The mounts of all processes of this machine that use the folder. `tell` is told of each whose record cannot be read; without it such a
 * one rejects with `CORRUPT`.
 */
export async function listMounts(
  directory: string,
  tell: (finding: Finding) => void = refuse,
): Promise<readonly MountInfo[]> {
  const { records, findings } = await readRecords(await openDirectory(directory));
  for (const finding of findings) tell(finding);
  return records.map((record) => ({ ...record, isKept: isKept(record) }));
}

/**
 * Ends a mount of another process, or what is left of one. Rejects with `NOT_FOUND`, `CORRUPT` where its record cannot be read, `LOCKED`
 * while somebody has something open in it or mounted something over it, `UNSUPPORTED` for one of a process that is not dedicated to it.
 */
export async function unmountPoint(
  { directory, mount, force }: UnmountRequest,
  timer: Timer = systemTimer,
): Promise<{ readonly record: MountRecord; readonly findings: readonly Finding[] }> {
  const place = await openDirectory(directory);
  const { records, findings: unreadable } = await readRecords(place);
  for (const finding of unreadable) if (finding.object === mount) refuse(finding);
  const wanted = [resolve(mount), await realPathOf(mount)];
  const record = records.find(({ id, path }) => id === mount || wanted.includes(path));
  if (record === undefined) throw unknown(mount, records);
  const keeper = isKept(record) ? keeperOf(record) : undefined;
  const findings = await unmountVolumes(place, record, force);
  if (keeper !== undefined) await endKeeper(place, record, keeper, timer);
  return { record, findings: [...findings, ...(await removeRests(place, record))] };
}

/** Where symbolic links lead to; `undefined` where nothing is, or nothing can be asked for any more. */
async function realPathOf(path: string): Promise<string | undefined> {
  try {
    return await nodeFileSystem.realPath(path);
  } catch (error) {
    if (!SendenseError.is(error)) throw error;
    return undefined;
  }
}

/**
 * Asks the process that keeps the mount to end, and waits until it has, or has let go of it. Rejects with `TIMEOUT` when it does not. One
 * that ended while its volumes were unmounted is not asked: its id may be another one's.
 */
async function endKeeper(directory: string, record: MountRecord, pid: number, timer: Timer): Promise<void> {
  if (!isKept(record)) return;
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

function refuse({ message }: Finding): never {
  throw new SendenseError('CORRUPT', message, { operation: 'read-mounts' });
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
