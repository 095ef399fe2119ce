import {
  type Call,
  type Finding,
  type MachineKey,
  type PointId,
  type PruneOptions,
  type PruneReport,
  type RetentionPolicy,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import { retainedPoints } from '@sendense/plugin-kit/points';
import type { MachinePaths } from '../layout/machine-paths.ts';
import type { PointRecord } from '../records/point-record.ts';
import { readHolds, writerOn } from '../store/holds.ts';
import type { LocalStore } from '../store/local-store.ts';
import { readPointRecords } from '../store/point-records.ts';
import { planRemoval } from './plan-removal.ts';
import { pointInUse, type RemovalReport, removePoints } from './remove-points.ts';
import { withMaintenance } from './with-maintenance.ts';

/**
 * Applies a policy to each machine and stream alone; see `RepositoryMaintenance.prune`. Where one machine cannot be pruned
 * the others are, and then it rejects with what was wrong with the first.
 */
export async function prune(
  store: LocalStore,
  policy: RetentionPolicy,
  options: Call & PruneOptions = {},
): Promise<PruneReport> {
  const kept: PointId[] = [];
  const removed: PointId[] = [];
  const findings: Finding[] = [];
  let freedBytes = 0;
  let failed: { readonly error: unknown } | undefined;
  for (const machine of await machinesOf(store, options.machine)) {
    throwIfAborted(options.signal, 'prune');
    try {
      const paths = store.paths(machine);
      const { records } = await readPointRecords(store, paths);
      const report = await pruneMachine(store, paths, records, policy, options);
      removed.push(...report.removed);
      kept.push(...records.map(({ id }) => id).filter((id) => !report.removed.includes(id)));
      findings.push(...report.findings);
      freedBytes += report.freedBytes;
    } catch (error) {
      if (SendenseError.is(error, 'ABORTED') || SendenseError.is(error, 'FENCED')) throw error;
      failed ??= { error };
    }
  }
  // Told at the end: damage of one machine must not fill the storage with points of all the others.
  if (failed !== undefined) throw failed.error;
  return { kept, removed, freedBytes, findings };
}

async function machinesOf(store: LocalStore, wanted: MachineKey | undefined): Promise<readonly MachineKey[]> {
  return (await store.machines()).filter((machine) => wanted === undefined || machine === wanted);
}

async function pruneMachine(
  store: LocalStore,
  paths: MachinePaths,
  records: readonly PointRecord[],
  policy: RetentionPolicy,
  options: Call & PruneOptions,
): Promise<RemovalReport> {
  const streams = [...Map.groupBy(records, ({ stream }) => stream).values()];
  const retained = new Set(streams.flatMap((stream) => [...retainedPoints(stream, policy)]));
  const surplus = records.filter(({ id, held }) => !held && !retained.has(id));
  const holds = store.writable ? await readHolds(store, paths) : [];
  const inUse = surplus.filter(({ id }) => writerOn(holds, id) !== undefined).map(({ id }) => id);
  const wanted = new Set(surplus.map(({ id }) => id).filter((id) => !inUse.includes(id)));
  const stays = inUse.map(pointInUse);
  if (options.dryRun === true) {
    return { removed: [...wanted], freedBytes: atLeastFreed(records, wanted), findings: stays };
  }
  const report = await withMaintenance(store, paths, options, () =>
    removePoints(store, paths, wanted, options),
  );
  return { ...report, findings: [...stays, ...report.findings] };
}

/** What goes with certainty: of a point that another takes in, it is known only afterwards. */
function atLeastFreed(records: readonly PointRecord[], removed: ReadonlySet<PointId>): number {
  const byId = new Map(records.map((record) => [record.id, record]));
  const takenIn = new Set<PointId>();
  for (const { point, onto } of planRemoval(records, removed)) {
    for (const { id, base } of byId.get(point)?.disks ?? []) {
      if (!onto.has(id)) continue;
      for (let next = base; next !== null && removed.has(next); ) {
        takenIn.add(next);
        next = byId.get(next)?.disks.find((disk) => disk.id === id)?.base ?? null;
      }
    }
  }
  const free = records.filter(({ id }) => removed.has(id) && !takenIn.has(id));
  return free.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
}
