import type { Call } from '@sendense/core';
import type { MachinePaths } from '../layout/machine-paths.ts';
import type { LocalStore } from '../store/local-store.ts';

/** Runs `run` under the machine's maintenance lock. What it leaves behind when it fails, the next opener removes. */
export function withMaintenance<T>(
  store: LocalStore,
  paths: MachinePaths,
  call: Call | undefined,
  run: () => Promise<T>,
): Promise<T> {
  return store.withMaintenanceLock(paths, call, async () => {
    try {
      return await run();
    } catch (error) {
      store.session.leaveUnfinished();
      throw error;
    }
  });
}
