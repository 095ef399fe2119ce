import { join } from 'node:path';
import { type Finding, type PointId, SendenseError } from '@sendense/core';
import { type MachinePaths, pointFileName, pointOfFileName } from '../layout/machine-paths.ts';
import { formatStamp } from '../layout/stamp.ts';
import { type PointRecord, pointRecord } from '../records/point-record.ts';
import type { LocalStore } from './local-store.ts';

/** The records of a machine, in the order of their instants, and what could not be read. */
export type MachineRecords = {
  readonly records: readonly PointRecord[];
  readonly unreadable: readonly SendenseError[];
};

/** Where a point's record is. */
export function recordPath(paths: MachinePaths, { at, id }: Pick<PointRecord, 'at' | 'id'>): string {
  return join(paths.points, pointFileName(formatStamp(at), id));
}

/** Reads all records of a machine. A damaged one hides only itself: it is reported, and listed in `unreadable`. */
export async function readPointRecords(store: LocalStore, paths: MachinePaths): Promise<MachineRecords> {
  return readNamed(store, paths, await store.list(paths.points));
}

/** Like {@link readPointRecords}, past the cache of a network mount: for whoever decides by what is not there. */
export async function readPointRecordsFresh(store: LocalStore, paths: MachinePaths): Promise<MachineRecords> {
  return readNamed(store, paths, await store.listFresh(paths.points));
}

async function readNamed(
  store: LocalStore,
  paths: MachinePaths,
  names: readonly string[],
): Promise<MachineRecords> {
  const records: PointRecord[] = [];
  const unreadable: SendenseError[] = [];
  for (const name of names) {
    if (pointOfFileName(name) === undefined) continue;
    const path = join(paths.points, name);
    const record = await readPointRecord(store, paths, path).catch((error: unknown) => {
      // Removed since the folder was listed.
      if (SendenseError.is(error, 'NOT_FOUND')) return undefined;
      const isDamage = SendenseError.is(error, 'CORRUPT') || SendenseError.is(error, 'FORMAT_UNSUPPORTED');
      if (!isDamage) throw error;
      unreadable.push(error);
      store.report(unreadableRecord(error, path));
      return undefined;
    });
    if (record !== undefined) records.push(record);
  }
  return { records, unreadable };
}

/** Reads one record; rejects with `CORRUPT` also when it is not the record of this name and machine. */
async function readPointRecord(store: LocalStore, paths: MachinePaths, path: string): Promise<PointRecord> {
  const record = await store.read(pointRecord, path);
  if (record.machine === paths.machine && recordPath(paths, record) === path) return record;
  throw new SendenseError('CORRUPT', `${path} is the record of another point`, {
    operation: 'read-record',
    context: { path, point: record.id },
    remedy: 'move it back to where it was',
  });
}

/** Finds a point by its id. Rejects with `NOT_FOUND`, or with what is wrong with its record. */
export async function findPointRecord(
  store: LocalStore,
  id: PointId,
): Promise<{ readonly record: PointRecord; readonly paths: MachinePaths }> {
  for (const machine of await store.machines()) {
    const paths = store.paths(machine);
    const record = await findInMachine(store, paths, id);
    if (record !== undefined) return { record, paths };
  }
  throw new SendenseError('NOT_FOUND', `there is no point ${id} in ${store.root}`, {
    operation: 'find-point',
    remedy: 'list the points of the repository',
    context: { point: id },
  });
}

/** The record of a point of this machine, or `undefined`. */
export async function findInMachine(
  store: LocalStore,
  paths: MachinePaths,
  id: PointId,
): Promise<PointRecord | undefined> {
  const name = (await store.list(paths.points)).find((other) => pointOfFileName(other) === id);
  return name === undefined ? undefined : readPointRecord(store, paths, join(paths.points, name));
}

/** Replaces a record atomically and durably. */
export async function replacePointRecord(
  store: LocalStore,
  paths: MachinePaths,
  record: PointRecord,
): Promise<void> {
  await store.write(pointRecord, recordPath(paths, record), record);
  await store.syncFolder(paths.points);
}

function unreadableRecord(error: SendenseError, path: string): Finding {
  return { severity: 'error', code: 'record-unreadable', message: error.message, object: path };
}
