import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { newObjectId, type RepositoryContext } from '../context.ts';
import { PREFIXES, removalKey } from '../layout/object-keys.ts';
import { openRecord, sealRecord } from '../records/sealed-json.ts';
import { MOST_MANIFESTS, removalRecord } from '../records/small-records.ts';
import { getRecord } from '../store/get-listed.ts';
import type { ListedObject } from '../store/object-store.ts';
import type { PruneLock } from './prune-lock.ts';

const DAY_MS = 24 * 3600 * 1000;
/** For so many days of the store's clock it can be told of every manifest that is gone who removed it: a pruner, or nobody. */
export const REMOVALS_KEPT_DAYS = 400;

type Stored = Pick<RepositoryContext, 'store' | 'sealer'>;

/** The day since 1970 of a time. */
export const dayOf = (time: Date): number => Math.floor(time.getTime() / DAY_MS);

/**
 * Stores that manifests are removed; to be awaited before the first of them is deleted. Clients with a trusted head tell by it what a
 * pruner removed from what is hidden.
 */
export async function putRemovals(
  { store, sealer, random }: Stored & Pick<RepositoryContext, 'random'>,
  manifests: readonly string[],
  { day, lock }: { readonly day?: number; readonly lock: PruneLock },
  call?: Call,
): Promise<void> {
  for (let first = 0; first < manifests.length; first += MOST_MANIFESTS) {
    await lock.check(call);
    const key = removalKey(day ?? dayOf(lock.takenAt), newObjectId(random));
    const record = { manifests: manifests.slice(first, first + MOST_MANIFESTS) };
    await store.put(key, sealRecord(sealer, removalRecord, key, record), undefined, call);
  }
}

/** The manifests that a removal names; `undefined` when it is gone, joined with others. Rejects with `CORRUPT`. */
export async function readRemoval(
  { store, sealer }: Stored,
  listed: ListedObject,
  call?: Call,
): Promise<readonly string[] | undefined> {
  try {
    const bytes = await getRecord(store, listed, call);
    return openRecord(sealer, removalRecord, listed.key, bytes).manifests;
  } catch (error) {
    if (SendenseError.is(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

/** Those of some manifests that removals name, the newest of which are read first; a damaged one is told in the log. */
export async function findRemoved(
  { store, sealer, log }: Stored & Pick<RepositoryContext, 'log'>,
  wanted: Iterable<string>,
  call?: Call,
): Promise<ReadonlySet<string>> {
  const missing = new Set(wanted);
  const removed = new Set<string>();
  const removals: ListedObject[] = [];
  for await (const listed of store.list(PREFIXES.removals, undefined, call)) removals.push(listed);
  for (const listed of removals.toReversed()) {
    if (missing.size === 0) break;
    throwIfAborted(call?.signal, 'read-removals');
    try {
      const manifests = (await readRemoval({ store, sealer }, listed, call)) ?? [];
      for (const manifest of manifests) if (missing.delete(manifest)) removed.add(manifest);
    } catch (error) {
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
      log({ level: 'warn', message: error.message, fields: { object: listed.key } });
    }
  }
  return removed;
}
