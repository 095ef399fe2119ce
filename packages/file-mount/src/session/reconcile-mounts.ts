import { type Finding, SendenseError } from '@sendense/core';
import { nodeFileSystem, removeIfEmpty, unfinishedFilesOf } from '@sendense/plugin-kit/files';
import { removeDeadWaiters, withDirectoryLock } from './directory-lock.ts';
import { isKept, type MountRecord, readRecords, sessionIds, sessionPaths } from './mount-record.ts';
import { removeRests } from './remove-rests.ts';

/** What processes that died had left, and is gone now. */
export type ReconciledMounts = {
  /** Ids of mounts. */
  readonly removed: readonly string[];
  readonly findings: readonly Finding[];
};

/** The real path of the folder of all mounts, by which the system names what lies in it; made where it is missing. */
export async function openDirectory(directory: string): Promise<string> {
  await nodeFileSystem.makeDirectory(directory);
  return nodeFileSystem.realPath(directory);
}

/**
 * Takes away what mounts left whose process was killed: mounts, programs, devices, folders. Those of living processes are left alone.
 * What cannot be taken away, and records that cannot be read, are told. `directory` is that of their options.
 */
export async function reconcileMounts(directory: string): Promise<ReconciledMounts> {
  if ((await nodeFileSystem.stat(directory)) === undefined) return { removed: [], findings: [] };
  const place = await nodeFileSystem.realPath(directory);
  await removeUnrecorded(place);
  const { records, findings: unreadable } = await readRecords(place);
  const removed: string[] = [];
  const findings = [...unreadable];
  for (const record of records.filter((each) => !isKept(each))) {
    try {
      findings.push(...(await removeRests(place, record)), removedRests(record));
      removed.push(record.id);
    } catch (error) {
      if (!SendenseError.is(error)) throw error;
      findings.push(notRemoved(record, error));
    }
  }
  return { removed, findings };
}

/** Folders of processes that were killed before they had written a record, or after they had removed it: nothing else is in them. */
async function removeUnrecorded(place: string): Promise<void> {
  await removeDeadWaiters(place);
  if ((await unrecordedIds(place)).length === 0) return;
  await withDirectoryLock(place, async () => {
    for (const id of await unrecordedIds(place)) {
      const { folder, record } = sessionPaths(place, id);
      for (const file of await unfinishedFilesOf(nodeFileSystem, record)) await nodeFileSystem.unlink(file);
      await removeIfEmpty(nodeFileSystem, folder);
    }
  });
}

async function unrecordedIds(place: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const id of await sessionIds(place))
    if ((await nodeFileSystem.stat(sessionPaths(place, id).record)) === undefined) ids.push(id);
  return ids;
}

function removedRests({ id, path }: MountRecord): Finding {
  const message = `the mount ${id} at ${path} was left by a process that died; it is gone now`;
  return { severity: 'info', code: 'mount-removed', message, object: id };
}

function notRemoved({ id, path }: MountRecord, { message, remedy }: SendenseError): Finding {
  const todo = remedy === undefined ? '' : `: ${remedy}`;
  return {
    severity: 'warning',
    code: 'mount-not-removed',
    message: `the mount ${id} at ${path} was left by a process that died, and stays: ${message}${todo}`,
    object: id,
  };
}
