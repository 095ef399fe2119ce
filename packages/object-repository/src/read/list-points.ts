import {
  type Call,
  type PointFilter,
  type RecoveryPoint,
  type RepositoryUsage,
  throwIfAborted,
} from '@sendense/core';
import { matchesFilter, oldestFirst } from '@sendense/plugin-kit/points';
import type { RepositoryContext } from '../context.ts';
import { toRecoveryPoint } from '../records/point-record.ts';

/** The committed points, oldest first. */
export async function* listPoints(
  context: RepositoryContext,
  filter: PointFilter = {},
  call?: Call,
): AsyncGenerator<RecoveryPoint> {
  context.enter('list-points', call);
  const { points } = await context.points.all(call);
  for (const record of oldestFirst(points.map((point) => point.record))) {
    throwIfAborted(call?.signal, 'list-points');
    if (matchesFilter(record, filter)) yield toRecoveryPoint(record);
  }
}

/** What the repository takes: the objects of its store. */
export async function measureUsage(context: RepositoryContext, call?: Call): Promise<RepositoryUsage> {
  context.enter('measure-usage', call);
  const { points } = await context.points.all(call);
  let storedBytes = 0;
  for await (const { sizeBytes } of context.store.list('', undefined, call)) storedBytes += sizeBytes;
  const disks = points.flatMap(({ record }) => record.disks);
  return {
    points: points.length,
    machines: new Set(points.map(({ record }) => record.machine)).size,
    storedBytes,
    logicalBytes: disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    totalBytes: null,
    availableBytes: null,
  };
}
