import { type DiskId, SendenseError } from '@sendense/core';
import { diskNumberOf, type MachinePaths } from '../layout/machine-paths.ts';
import { type MachineRecord, machineRecord } from '../records/machine-record.ts';
import type { LocalStore } from '../store/local-store.ts';
import { readPointRecords } from '../store/point-records.ts';

/**
 * The numbers of `disks`, given once and never again; under the machine's lock. New ones are durable when it resolves.
 * Rejects with `CORRUPT` for a damaged `machine.json`.
 */
export async function numberDisks(
  store: LocalStore,
  paths: MachinePaths,
  disks: readonly DiskId[],
): Promise<ReadonlyMap<DiskId, number>> {
  const known = (await readMachine(store, paths)) ?? (await rebuildMachine(store, paths));
  const numbers = new Map(known.disks.map(({ id, number }) => [id, number]));
  const added = disks.filter((id) => !numbers.has(id));
  let next = await firstFree(store, paths, numbers.values());
  for (const id of added) {
    numbers.set(id, next);
    next += 1;
  }
  if (added.length > 0) {
    const all = [...numbers].map(([id, number]) => ({ number, id }));
    await store.write(machineRecord, paths.record, { machine: paths.machine, disks: all });
    await store.syncFolder(paths.folder);
  }
  return numbers;
}

/** Reads `machine.json`; `undefined` when it is not there. */
export async function readMachine(
  store: LocalStore,
  paths: MachinePaths,
): Promise<MachineRecord | undefined> {
  try {
    return await store.read(machineRecord, paths.record);
  } catch (error) {
    if (SendenseError.is(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

/** What the point records still tell of a lost `machine.json`. */
async function rebuildMachine(store: LocalStore, paths: MachinePaths): Promise<MachineRecord> {
  const { records } = await readPointRecords(store, paths);
  const numbers = new Map(records.flatMap(({ disks }) => disks.map(({ id, number }) => [id, number])));
  return { machine: paths.machine, disks: [...numbers].map(([id, number]) => ({ number, id })) };
}

/** A number that neither a record nor a folder has: a folder may be all that is left of a disk. */
async function firstFree(store: LocalStore, paths: MachinePaths, used: Iterable<number>): Promise<number> {
  const folders = (await store.listFresh(paths.folder))
    .map(diskNumberOf)
    .filter((number) => number !== undefined);
  return Math.max(-1, ...used, ...folders) + 1;
}
