import type { MachineKey, RepositoryId } from '@sendense/core';
import type { Transaction } from 'kysely';
import type { Tables } from '../schema/tables.ts';
import type { MachineRows } from './point-rows.ts';

/** Rows of one insert: SQLite takes 32766 values a statement, the widest table has 13 columns. */
const BATCH = 1000;

function batches<T>(rows: readonly T[]): T[][] {
  const count = Math.ceil(rows.length / BATCH);
  return Array.from({ length: count }, (_, index) => rows.slice(index * BATCH, (index + 1) * BATCH));
}

/** Removes what the catalog knows of the machines of a repository (all, or one). */
export async function removeMachines(
  db: Transaction<Tables>,
  repository: RepositoryId,
  machine?: MachineKey,
): Promise<void> {
  // point_disks go with their points
  for (const table of ['points', 'chains', 'machines'] as const) {
    const all = db.deleteFrom(table).where('repository_id', '=', repository);
    await (machine === undefined ? all : all.where('machine_key', '=', machine)).execute();
  }
}

/** Writes the rows of one machine whose older rows were removed. */
export async function insertMachine(db: Transaction<Tables>, rows: MachineRows): Promise<void> {
  await db.insertInto('machines').values(rows.machine).execute();
  for (const batch of batches(rows.points)) await db.insertInto('points').values(batch).execute();
  for (const batch of batches(rows.disks)) await db.insertInto('point_disks').values(batch).execute();
  for (const batch of batches(rows.chains)) await db.insertInto('chains').values(batch).execute();
}
