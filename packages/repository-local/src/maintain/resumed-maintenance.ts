import type { Call, PointId } from '@sendense/core';
import { SendenseError } from '@sendense/core';
import type { MachinePaths } from '../layout/machine-paths.ts';
import { type RemovalRecord, removalRecord } from '../records/removal-record.ts';
import type { LocalStore } from '../store/local-store.ts';
import { type RemovalReport, removePoints } from './remove-points.ts';

/** Runs `run` under the machine's maintenance lock, after finishing a merge that was cut off. */
export function resumedMaintenance<T>(
  store: LocalStore,
  paths: MachinePaths,
  call: Call | undefined,
  run: () => Promise<T>,
): Promise<T> {
  return store.withMaintenanceLock(paths, call, async () => {
    try {
      const cutOff = await readRemoval(store, paths);
      if (cutOff !== undefined) await finish(store, paths, cutOff.points, call);
      return await run();
    } catch (error) {
      // What it did so far is whole; what it did not remove is removed by the next opener.
      store.session.leaveUnfinished();
      throw error;
    }
  });
}

/** Removes points so that a crash in the middle is finished by the next maintenance. */
export async function removeResumably(
  store: LocalStore,
  paths: MachinePaths,
  points: readonly PointId[],
  call: Call | undefined,
): Promise<RemovalReport> {
  await store.write(removalRecord, paths.removal, { points });
  await store.syncFolder(paths.folder);
  return finish(store, paths, points, call);
}

async function finish(
  store: LocalStore,
  paths: MachinePaths,
  points: readonly PointId[],
  call: Call | undefined,
): Promise<RemovalReport> {
  const report = await removePoints(store, paths, new Set(points), call);
  // Should it come back after a power loss, then there is nothing left to remove.
  await store.session.retire(paths.removal);
  return report;
}

async function readRemoval(store: LocalStore, paths: MachinePaths): Promise<RemovalRecord | undefined> {
  try {
    return await store.read(removalRecord, paths.removal);
  } catch (error) {
    if (SendenseError.is(error, 'NOT_FOUND')) return undefined;
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    const message = 'a merge that was cut off cannot be finished: its points stay';
    store.report({ severity: 'warning', code: 'removal-unreadable', message, object: paths.removal });
    await store.session.retire(paths.removal);
    return undefined;
  }
}
