import { type DiskId, SendenseError } from '@sendense/core';
import { diskNumberOf, type MachinePaths } from '../layout/machine-paths.ts';
import { type MachineRecord, machineRecord } from '../records/machine-record.ts';
import type { LocalStore } from '../store/local-store.ts';
import { readPointRecords } from '../store/point-records.ts';

/**
 * The numbers of `disks`, given once and never again; under the machine's lock. New ones are durable when it resolves.
 * Rejects as {@link knownNumbers} does.
 */
export async function numberDisks(
  store: LocalStore,
  paths: MachinePaths,
  disks: readonly DiskId[],
): Promise<ReadonlyMap<DiskId, number>> {
  const { isStored, disks: known } = await knownNumbers(store, paths);
  const numbers = new Map(known.map(({ id, number }) => [id, number]));
  const added = disks.filter((id) => !numbers.has(id));
  let next = await firstFree(store, paths, numbers.values());
  for (const id of added) {
    numbers.set(id, next);
    next += 1;
  }
  if (added.length > 0 || !isStored) {
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

/** The numbers given so far, and whether `machine.json` holds them. */
type KnownNumbers = Pick<MachineRecord, 'disks'> & { readonly isStored: boolean };

/**
 * The numbers that `machine.json` tells, or the point records where it is gone or damaged; the latter is a finding.
 * Rejects with `CORRUPT` when a point record is damaged too: a disk could then get a second number.
 */
export async function knownNumbers(store: LocalStore, paths: MachinePaths): Promise<KnownNumbers> {
  const read = readMachine(store, paths).catch((error: unknown) => {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    return error;
  });
  const machine = await read;
  if (machine === undefined) return rebuildNumbers(store, paths);
  if (!SendenseError.is(machine)) return { isStored: true, disks: machine.disks };
  const rebuilt = await rebuildNumbers(store, paths, machine);
  store.report({
    severity: 'warning',
    code: 'machine-record-rebuilt',
    message: `${paths.record} was damaged; the numbers of the disks were taken from the records of the points`,
    object: paths.record,
  });
  return rebuilt;
}

/** What the point records still tell of a lost `machine.json`. */
async function rebuildNumbers(
  store: LocalStore,
  paths: MachinePaths,
  damage?: SendenseError,
): Promise<KnownNumbers> {
  const { records, unreadable } = await readPointRecords(store, paths);
  if (damage !== undefined && unreadable.length > 0) throw bothDamaged(paths, damage);
  const numbers = new Map(records.flatMap(({ disks }) => disks.map(({ id, number }) => [id, number])));
  return { isStored: false, disks: [...numbers].map(([id, number]) => ({ number, id })) };
}

function bothDamaged({ record, points }: MachinePaths, cause: SendenseError): SendenseError {
  return new SendenseError('CORRUPT', `${record} is damaged, and so is a record in ${points}`, {
    operation: 'number-disks',
    remedy: 'verify names the damaged records: bring them back from a copy, or move them away, and repeat',
    cause,
  });
}

/** A number that neither a record nor a folder has: a folder may be all that is left of a disk. */
async function firstFree(store: LocalStore, paths: MachinePaths, used: Iterable<number>): Promise<number> {
  const folders = (await store.listFresh(paths.folder))
    .map(diskNumberOf)
    .filter((number) => number !== undefined);
  return Math.max(-1, ...used, ...folders) + 1;
}
