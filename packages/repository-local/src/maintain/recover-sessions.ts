import { join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { preparedLockName, removeIfEmpty } from '@sendense/plugin-kit/files';
import { isMachineName } from '../layout/machine-paths.ts';
import { removeFolder } from '../session/session.ts';
import type { LocalStore } from '../store/local-store.ts';
import { sweepMachine } from './sweep-machine.ts';

/** Fences the sessions of processes that ended without closing, and removes what they left behind. */
export async function recoverSessions(store: LocalStore, sessions: string): Promise<void> {
  const { fileSystem, session } = store;
  for (const name of await session.fenceDead()) {
    const folder = join(sessions, name);
    try {
      for (const machine of (await fileSystem.list(folder)).filter(isMachineName)) {
        // Swept again when this session ends before it is done.
        await session.mark(machine);
        const { findings } = await sweepMachine(store, store.paths(machine));
        for (const finding of findings) store.report(finding);
      }
      await removeLocksAndHolds(store, name.slice(0, name.lastIndexOf('.')));
      await removeFolder(fileSystem, folder);
    } catch (error) {
      // Another opener removes the same folder.
      if (!SendenseError.is(error, 'NOT_FOUND') && !SendenseError.is(error, 'ALREADY_EXISTS')) throw error;
    }
  }
}

/** What a dead session held, and locks that it was about to take. */
async function removeLocksAndHolds(store: LocalStore, session: string): Promise<void> {
  for (const machine of (await store.list(join(store.root, 'locks'))).filter(isMachineName)) {
    const { locks, holds } = store.paths(machine);
    for (const name of await store.list(locks)) {
      if (!name.startsWith(`${preparedLockName(session)}.`)) continue;
      await removeIfEmpty(store.fileSystem, join(locks, name, name.slice(1)));
      await removeIfEmpty(store.fileSystem, join(locks, name));
    }
    for (const name of await store.list(holds))
      if (name.startsWith(`${session}.`)) await store.session.retire(join(holds, name));
  }
}
