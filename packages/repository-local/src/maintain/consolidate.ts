import {
  type Call,
  type ConsolidateReport,
  type ConsolidateRequest,
  type PointId,
  SendenseError,
} from '@sendense/core';
import type { MachinePaths } from '../layout/machine-paths.ts';
import type { PointRecord } from '../records/point-record.ts';
import { readHolds, writerOn } from '../store/holds.ts';
import type { LocalStore } from '../store/local-store.ts';
import { findInMachine, findPointRecord } from '../store/point-records.ts';
import { toRecoveryPoint } from '../store/recovery-point.ts';
import { pointHeld, pointLocked } from './delete-point.ts';
import { removeResumably, resumedMaintenance } from './resumed-maintenance.ts';
import { rewritePoint } from './rewrite-point.ts';
import { sweepMachine } from './sweep-machine.ts';

/** Makes a point stand alone, or takes in the points below it; see `RepositoryMaintenance.consolidate`. */
export async function consolidate(
  store: LocalStore,
  request: ConsolidateRequest,
  call?: Call,
): Promise<ConsolidateReport> {
  const { paths } = await findPointRecord(store, request.point);
  return resumedMaintenance(store, paths, call, () =>
    request.kind === 'merge'
      ? merge(store, paths, request.point, request.onto, call)
      : makeFull(store, paths, request.point, call),
  );
}

async function makeFull(
  store: LocalStore,
  paths: MachinePaths,
  point: PointId,
  call: Call | undefined,
): Promise<ConsolidateReport> {
  const before = await existing(store, paths, point);
  const onto = new Map(before.disks.filter(({ base }) => base !== null).map(({ id }) => [id, null]));
  if (onto.size === 0) {
    return { point: toRecoveryPoint(before, paths), storedBytes: 0, freedBytes: 0, findings: [] };
  }
  const { record, storedBytes } = await rewritePoint(store, paths, { point, onto }, 'requested', call);
  const { freedBytes, findings } = await sweepMachine(store, paths, call);
  return { point: toRecoveryPoint(record, paths), storedBytes, freedBytes, findings };
}

async function merge(
  store: LocalStore,
  paths: MachinePaths,
  point: PointId,
  onto: PointId,
  call: Call | undefined,
): Promise<ConsolidateReport> {
  const between = await pointsBetween(store, paths, point, onto);
  const holds = await readHolds(store, paths);
  for (const record of between) {
    if (record.held) throw pointHeld(record);
    if (writerOn(holds, record.id) !== undefined) throw pointLocked(record);
  }
  if (between.length === 0) {
    const record = await existing(store, paths, point);
    return { point: toRecoveryPoint(record, paths), storedBytes: 0, freedBytes: 0, findings: [] };
  }
  const ids = between.map(({ id }) => id);
  const { freedBytes, findings } = await removeResumably(store, paths, ids, call);
  const record = await existing(store, paths, point);
  const { storedBytes } = record;
  return { point: toRecoveryPoint(record, paths), storedBytes, freedBytes, findings };
}

/** The points that `newest` builds on, down to `oldest`; rejects with `PARENT_MISSING` when it does not build on that. */
async function pointsBetween(
  store: LocalStore,
  paths: MachinePaths,
  newest: PointId,
  oldest: PointId,
): Promise<readonly PointRecord[]> {
  const between: PointRecord[] = [];
  let { parentId } = await existing(store, paths, newest);
  while (parentId !== oldest) {
    if (parentId === null) throw notBelow(newest, oldest);
    const record = await existing(store, paths, parentId);
    between.push(record);
    ({ parentId } = record);
  }
  return between;
}

async function existing(store: LocalStore, paths: MachinePaths, id: PointId): Promise<PointRecord> {
  const record = await findInMachine(store, paths, id);
  if (record !== undefined) return record;
  throw new SendenseError('NOT_FOUND', `there is no point ${id} of this machine`, {
    operation: 'consolidate',
    context: { point: id },
  });
}

function notBelow(point: PointId, onto: PointId): SendenseError {
  return new SendenseError('PARENT_MISSING', `point ${point} does not build on ${onto}`, {
    operation: 'consolidate',
    remedy: 'name a point of its chain',
    context: { point, onto },
  });
}
