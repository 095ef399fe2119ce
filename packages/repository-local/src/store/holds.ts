import { join } from 'node:path';
import { type PointId, SendenseError } from '@sendense/core';
import type { MachinePaths } from '../layout/machine-paths.ts';
import { type HoldRecord, holdRecord } from '../records/hold-record.ts';
import { sessionOfToken } from '../session/session-name.ts';
import type { LocalStore } from './local-store.ts';

const ENDING = '.json';

/** Something that may not be removed while this is held. */
export interface Hold extends AsyncDisposable {
  /** Says exactly which files it is about; until then it is about all of the machine. */
  narrow(files: readonly string[]): Promise<void>;
}

/** Writes a hold. It counts for as long as this session is alive, or until it is disposed. */
export async function placeHold(store: LocalStore, paths: MachinePaths, hold: HoldRecord): Promise<Hold> {
  const { session } = store;
  const path = join(paths.holds, `${session.token()}${ENDING}`);
  await store.fileSystem.makeDirectory(paths.holds);
  await store.write(holdRecord, path, hold, false);
  return {
    narrow: (files) => store.write(holdRecord, path, { ...hold, files }, false),
    async [Symbol.asyncDispose]() {
      // A hold that stays does no harm once this session has ended.
      await session.retire(path).catch(() => undefined);
    },
  };
}

/** All holds of live sessions on a machine; those of dead ones are removed. */
export async function readHolds(store: LocalStore, paths: MachinePaths): Promise<readonly HoldRecord[]> {
  const holds: HoldRecord[] = [];
  for (const name of await store.listFresh(paths.holds)) {
    if (!name.endsWith(ENDING)) continue;
    const path = join(paths.holds, name);
    const session = sessionOfToken(name.slice(0, -ENDING.length));
    if (session === store.session.name || (await store.session.isAlive(session))) {
      const hold = await readHold(store, path);
      if (hold !== undefined) holds.push(hold);
    } else {
      await store.session.retire(path);
    }
  }
  return holds;
}

async function readHold(store: LocalStore, path: string): Promise<HoldRecord | undefined> {
  try {
    return await store.read(holdRecord, path);
  } catch (error) {
    if (SendenseError.is(error, 'NOT_FOUND')) return undefined;
    // Unreadable: the safe reading is that it holds everything.
    return { kind: 'writer', holder: path, points: [], files: null };
  }
}

/** Whether a live writer builds on the point. */
export function writerOn(holds: readonly HoldRecord[], point: PointId): HoldRecord | undefined {
  return holds.find(
    ({ kind, points, files }) => kind !== 'reader' && (points.includes(point) || files === null),
  );
}
