import { type Call, SendenseError } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { PackIdSet } from '../index/pack-id-set.ts';
import { PREFIXES, removalDay } from '../layout/object-keys.ts';
import { MOST_MANIFESTS } from '../records/small-records.ts';
import { deleteUnlessLocked } from '../store/locked-objects.ts';
import type { ListedObject } from '../store/object-store.ts';
import { type Turn, withDeletions } from './deletions.ts';
import type { PruneLock } from './prune-lock.ts';
import { dayOf, putRemovals, REMOVALS_KEPT_DAYS, readRemoval } from './removals.ts';

/** Removals of so many days are joined, so that they become too old together. */
const BUCKET_DAYS = 30;
/** More than this of one bucket are joined. */
const MANY_REMOVALS = 16;

type Removal = { readonly key: string; readonly day: number; readonly ageMs: number };
type ListedRemoval = Removal & ListedObject;
type ReadRemoval = Removal & { readonly names: PackIdSet };

/**
 * Deletes removals that are too old, joins many into one, and deletes those whose names another one holds that is as old as the grace:
 * who lists removals meanwhile finds that one.
 */
export async function tidyRemovals(context: RepositoryContext, lock: PruneLock, call?: Call): Promise<void> {
  const { store } = context;
  const removals: ListedRemoval[] = [];
  const removeOld = async (turn: Turn) => {
    for await (const listed of store.list(PREFIXES.removals, undefined, call)) {
      const day = removalDay(listed.key);
      if (day === undefined) continue;
      if (dayOf(lock.takenAt) - day > REMOVALS_KEPT_DAYS) {
        await turn(call);
        await deleteUnlessLocked(store, listed.key, call);
        continue;
      }
      removals.push({ ...listed, day, ageMs: lock.takenAt.getTime() - listed.modifiedAt.getTime() });
    }
  };
  await withDeletions(context, lock, removeOld, call);
  for (const bucket of Map.groupBy(removals, ({ day }) => Math.floor(day / BUCKET_DAYS)).values())
    if (bucket.length > MANY_REMOVALS) await tidyBucket(context, bucket, lock, call);
}

async function tidyBucket(
  context: RepositoryContext,
  bucket: readonly ListedRemoval[],
  lock: PruneLock,
  call?: Call,
): Promise<void> {
  const apart: ReadRemoval[] = [];
  const read = byContent(await readWhole(context, bucket, call));
  const removeHeld = async (turn: Turn) => {
    for (const removal of read) {
      const holders = apart.filter(({ day, names }) => day >= removal.day && holdsAll(names, removal.names));
      if (holders.some(({ ageMs }) => ageMs >= context.configuration.graceMs)) {
        await turn(call);
        await deleteUnlessLocked(context.store, removal.key, call);
      } else if (holders.length === 0) apart.push(removal);
    }
  };
  await withDeletions(context, lock, removeHeld, call);
  if (apart.length <= MANY_REMOVALS) return;
  const joined = thatFit(apart);
  if (joined.length < 2) return;
  const names = new PackIdSet(joined.flatMap((removal) => [...removal.names]));
  const day = Math.max(...joined.map((removal) => removal.day));
  await putRemovals(context, [...names], { day, lock }, call);
}

/** A damaged one stays, for verify to name, until it is too old. */
async function readWhole(
  context: RepositoryContext,
  bucket: readonly ListedRemoval[],
  call?: Call,
): Promise<readonly ReadRemoval[]> {
  const read: ReadRemoval[] = [];
  for (const listed of bucket) {
    const { key, day, ageMs } = listed;
    try {
      const manifests = await readRemoval(context, listed, call);
      if (manifests !== undefined) read.push({ key, day, ageMs, names: new PackIdSet(manifests) });
    } catch (error) {
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
      context.log({ level: 'warn', message: error.message, fields: { object: key } });
    }
  }
  return read;
}

/** Those that may hold others first. */
function byContent(removals: readonly ReadRemoval[]): readonly ReadRemoval[] {
  return removals.toSorted((a, b) => b.names.size - a.names.size || b.day - a.day);
}

function holdsAll(names: PackIdSet, others: PackIdSet): boolean {
  if (others.size > names.size) return false;
  for (const name of others) if (!names.has(name)) return false;
  return true;
}

/** The smallest of them that one record holds. */
function thatFit(removals: readonly ReadRemoval[]): readonly ReadRemoval[] {
  let left = MOST_MANIFESTS;
  return removals.toReversed().filter(({ names }) => {
    left -= names.size;
    return left >= 0;
  });
}
