import type { Call, Finding, PointId } from '@sendense/core';
import { throwIfAborted } from '@sendense/core';
import type { MachinePaths } from '../layout/machine-paths.ts';
import type { PointRecord } from '../records/point-record.ts';
import { readHolds, writerOn } from '../store/holds.ts';
import type { LocalStore } from '../store/local-store.ts';
import { readPointRecords, readPointRecordsFresh, recordPath } from '../store/point-records.ts';
import { storedBytesOf } from '../store/recovery-point.ts';
import { planRemoval } from './plan-removal.ts';
import { rewritePoint } from './rewrite-point.ts';
import { sweepMachine } from './sweep-machine.ts';

/** What was removed. */
export type RemovalReport = {
  readonly removed: readonly PointId[];
  readonly freedBytes: number;
  readonly findings: readonly Finding[];
};

/** How often points are rewritten again because new ones were built on what is to go. */
const ROUNDS = 3;

/**
 * Removes points of a machine; those that build on them are rewritten first. A point that a running backup builds on, or
 * that is held by now, stays, with a finding. Under the machine's maintenance lock; resumable by calling it again.
 */
export async function removePoints(
  store: LocalStore,
  paths: MachinePaths,
  wanted: ReadonlySet<PointId>,
  call?: Call,
): Promise<RemovalReport> {
  const removed: PointId[] = [];
  let freedBytes = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const left = new Set([...wanted].filter((id) => !removed.includes(id)));
    const { records } = await readPointRecords(store, paths);
    for (const rewrite of planRemoval(records, left)) {
      throwIfAborted(call?.signal, 'remove-points');
      freedBytes -= (await rewritePoint(store, paths, rewrite, 'policy', call)).storedBytes;
    }
    const done = await store.withLock(paths, call, () => removeRecords(store, paths, left));
    removed.push(...done.removed);
    freedBytes += done.freedBytes;
    if (!done.again) break;
  }
  const sweep = await sweepMachine(store, paths, call);
  const { records } = await readPointRecords(store, paths);
  const stayed = records.filter(({ id }) => wanted.has(id)).map(({ id }) => pointInUse(id));
  return {
    removed,
    freedBytes: Math.max(0, freedBytes + sweep.freedBytes),
    findings: [...stayed, ...sweep.findings],
  };
}

type RemovedRecords = {
  readonly removed: readonly PointId[];
  readonly freedBytes: number;
  readonly again: boolean;
};

/** Removes the records that nothing builds on, those that build on others first. `again`: others have new children. */
async function removeRecords(
  store: LocalStore,
  paths: MachinePaths,
  wanted: ReadonlySet<PointId>,
): Promise<RemovedRecords> {
  const { records } = await readPointRecordsFresh(store, paths);
  const holds = await readHolds(store, paths);
  const left = new Map(records.map((record) => [record.id, record]));
  const removed: PointId[] = [];
  let freedBytes = 0;
  await store.session.mark(paths.machine);
  for (let next = removable(left, wanted, holds); next !== undefined; next = removable(left, wanted, holds)) {
    const path = recordPath(paths, next);
    const status = await store.fileSystem.stat(path);
    await store.session.retire(path);
    // Durable one by one: a point must not lose what it builds on before it is gone itself.
    await store.syncFolder(paths.points);
    freedBytes += status === undefined ? 0 : storedBytesOf(status);
    left.delete(next.id);
    removed.push(next.id);
  }
  const again = [...left.values()].some(({ id }) => wanted.has(id) && writerOn(holds, id) === undefined);
  return { removed, freedBytes, again };
}

function removable(
  left: ReadonlyMap<PointId, PointRecord>,
  wanted: ReadonlySet<PointId>,
  holds: Parameters<typeof writerOn>[0],
): PointRecord | undefined {
  const bases = new Set([...left.values()].flatMap(({ disks }) => disks.map(({ base }) => base)));
  return [...left.values()].find(
    ({ id, held }) => wanted.has(id) && !held && !bases.has(id) && writerOn(holds, id) === undefined,
  );
}

/** Why a point stays although it was to go. */
export function pointInUse(id: PointId): Finding {
  return {
    severity: 'info',
    code: 'point-in-use',
    message: `point ${id} is kept because a running backup builds on it, or it was held`,
    point: id,
    object: id,
  };
}
