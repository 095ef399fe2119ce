import {
  type Call,
  type ConsolidateReport,
  type ConsolidateRequest,
  type PointId,
  SendenseError,
} from '@sendense/core';
import type { MachinePaths } from '../layout/machine-paths.ts';
import type { PointRecord } from '../records/point-record.ts';
import type { LocalStore } from '../store/local-store.ts';
import { findInMachine, findPointRecord } from '../store/point-records.ts';
import { toRecoveryPoint } from '../store/recovery-point.ts';
import { mergePoints } from './merge-points.ts';
import { rewritePoint } from './rewrite-point.ts';
import { sweepMachine } from './sweep-machine.ts';
import { withMaintenance } from './with-maintenance.ts';

/** Makes a point stand alone, or takes in the points below it; see `RepositoryMaintenance.consolidate`. */
export async function consolidate(
  store: LocalStore,
  request: ConsolidateRequest,
  call?: Call,
): Promise<ConsolidateReport> {
  const { paths } = await findPointRecord(store, request.point);
  return withMaintenance(store, paths, call, () =>
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
  const { removed, freedBytes, findings } = await mergePoints(store, paths, point, onto, call);
  const record = await existing(store, paths, point);
  const storedBytes = removed.length === 0 ? 0 : record.storedBytes;
  return { point: toRecoveryPoint(record, paths), storedBytes, freedBytes, findings };
}

async function existing(store: LocalStore, paths: MachinePaths, id: PointId): Promise<PointRecord> {
  const record = await findInMachine(store, paths, id);
  if (record !== undefined) return record;
  throw new SendenseError('NOT_FOUND', `there is no point ${id} of this machine`, {
    operation: 'consolidate',
    context: { point: id },
  });
}
