import {
  type ConsolidateRequest,
  type Finding,
  type PointId,
  type PruneReport,
  type RecoveryPoint,
  type RepositoryMaintenance,
  type RetentionPolicy,
  SendenseError,
} from '@sendense/core';
import type { Blake3 } from '@sendense/plugin-kit/digest';
import type { Lifetime } from '../lifetime.ts';
import type { MemoryStore } from './memory-store.ts';
import {
  type PointRecord,
  readRecord,
  readRecords,
  recordKey,
  serializeRecord,
  sweepUnused,
} from './point-record.ts';
import { retainedPoints } from './retained-points.ts';

/** Deletes and rewrites the points of `store`. Each call works in one step, so nothing is left half done. */
export function openMemoryMaintenance(
  store: MemoryStore,
  blake3: Blake3,
  lifetime: Lifetime,
): RepositoryMaintenance {
  return {
    async delete(id, call) {
      await lifetime.enter('delete-point', call);
      const { point } = readRecord(store, id, blake3);
      if (point.held) throw immutable(point);
      if (store.isHeld(id)) throw inUse(point);
      const freedBytes = freed(store, () => removePoint(store, id, blake3));
      return { removed: [id], freedBytes };
    },
    async prune(policy, options) {
      await lifetime.enter('prune', options);
      return prune(options?.dryRun === true ? store.copy() : store, policy, options?.machine, blake3);
    },
    async consolidate(request, call) {
      await lifetime.enter('consolidate', call);
      const freedBytes = freed(store, () => consolidate(store, request, blake3));
      const { point } = readRecord(store, request.point, blake3);
      return { point, storedBytes: 0, freedBytes, findings: [] };
    },
    async annotate(id, change, call) {
      await lifetime.enter('annotate-point', call);
      const record = readRecord(store, id, blake3);
      const { held = record.point.held, note = record.point.note } = change;
      return replacePoint(store, record, { held, note }, blake3);
    },
  };
}

function prune(
  store: MemoryStore,
  policy: RetentionPolicy,
  machine: string | undefined,
  blake3: Blake3,
): PruneReport {
  const points = readRecords(store, blake3)
    .map(({ point }) => point)
    .filter((point) => machine === undefined || point.machine === machine);
  const groups = Map.groupBy(points, (point) => `${point.machine}/${point.stream}`);
  const retained = new Set([...groups.values()].flatMap((group) => [...retainedPoints(group, policy)]));
  const surplus = points.filter(({ id, held }) => !retained.has(id) && !held);
  const removed = surplus.filter(({ id }) => !store.isHeld(id)).map(({ id }) => id);
  const freedBytes = freed(store, () => {
    for (const id of removed) removePoint(store, id, blake3);
  });
  const kept = points.map(({ id }) => id).filter((id) => !removed.includes(id));
  return { kept, removed, freedBytes, findings: surplus.filter(({ id }) => store.isHeld(id)).map(keptInUse) };
}

function consolidate(store: MemoryStore, request: ConsolidateRequest, blake3: Blake3): void {
  const record = readRecord(store, request.point, blake3);
  if (request.kind === 'synthetic-full') {
    const disks = record.point.disks.map((disk) => ({
      ...disk,
      base: null,
      reason: disk.reason ?? 'policy',
    }));
    replacePoint(store, record, { disks, kind: 'full', parentId: null }, blake3);
    return;
  }
  for (const id of pointsBetween(store, request.point, request.onto, blake3)) {
    const { point } = readRecord(store, id, blake3);
    if (point.held) throw immutable(point);
    if (store.isHeld(id)) throw inUse(point);
    removePoint(store, id, blake3);
  }
}

function pointsBetween(store: MemoryStore, newest: PointId, oldest: PointId, blake3: Blake3): PointId[] {
  const between: PointId[] = [];
  for (let id = readRecord(store, newest, blake3).point.parentId; id !== oldest; ) {
    if (id === null) {
      throw new SendenseError('PARENT_MISSING', `point ${newest} does not build on ${oldest}`, {
        operation: 'consolidate',
        context: { point: newest, onto: oldest },
      });
    }
    between.push(id);
    id = readRecord(store, id, blake3).point.parentId;
  }
  return between;
}

/** Takes a point out. Its children hold all their pieces themselves; they now build on what it was built on. */
function removePoint(store: MemoryStore, id: PointId, blake3: Blake3): void {
  const { point } = readRecord(store, id, blake3);
  for (const child of readRecords(store, blake3)) {
    const disks = child.point.disks.map((disk) => {
      const before = point.disks.find((other) => other.id === disk.id);
      return disk.base !== id
        ? disk
        : { ...disk, base: before?.base ?? null, reason: before?.reason ?? null };
    });
    if (disks.every((disk, index) => disk === child.point.disks[index])) continue;
    const full = disks.every(({ base }) => base === null);
    const parentId = child.point.parentId === id ? point.parentId : child.point.parentId;
    replacePoint(store, child, { disks, parentId, ...(full ? { kind: 'full' } : {}) }, blake3);
  }
  store.objects.delete(recordKey(point));
  sweepUnused(store, blake3);
}

function replacePoint(
  store: MemoryStore,
  record: PointRecord,
  change: Partial<RecoveryPoint>,
  blake3: Blake3,
): RecoveryPoint {
  const point = { ...record.point, ...change };
  store.objects.set(recordKey(point), serializeRecord({ ...record, point }, blake3));
  return point;
}

function freed(store: MemoryStore, run: () => void): number {
  const before = store.storedBytes;
  run();
  return Math.max(0, before - store.storedBytes);
}

function keptInUse({ id }: RecoveryPoint): Finding {
  return {
    severity: 'info',
    code: 'point-in-use',
    message: `point ${id} is kept because a running backup builds on it`,
    object: id,
  };
}

function immutable({ id }: RecoveryPoint): SendenseError {
  return new SendenseError('IMMUTABLE', `point ${id} is held`, {
    operation: 'delete-point',
    context: { point: id },
    remedy: 'release the hold first',
  });
}

function inUse({ id }: RecoveryPoint): SendenseError {
  return new SendenseError('LOCKED', `a running backup builds on point ${id}`, {
    operation: 'delete-point',
    context: { point: id },
    remedy: 'repeat when the backup has ended',
  });
}
