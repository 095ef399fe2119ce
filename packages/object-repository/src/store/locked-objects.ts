import { type Call, SendenseError } from '@sendense/core';
import type { ObjectStore } from './object-store.ts';

/** Until when object lock keeps an object, where that is later than `now`, the store's time. */
export async function lockedUntil(
  store: ObjectStore,
  key: string,
  now: Date,
  call?: Call,
): Promise<Date | undefined> {
  return store.capabilities.retention ? heldUntil(store, key, now, call) : undefined;
}

/** As {@link lockedUntil}, also where the store was not asked to lock: its bucket may lock whatever is put into it. */
export async function heldUntil(
  store: ObjectStore,
  key: string,
  now: Date,
  call?: Call,
): Promise<Date | undefined> {
  const until = (await store.head(key, call))?.retainUntil;
  return until !== undefined && until > now ? until : undefined;
}

/** Deletes an object, or leaves it where object lock keeps it: a bucket may lock whatever is put into it. Whether it went. */
export async function deleteUnlessLocked(store: ObjectStore, key: string, call?: Call): Promise<boolean> {
  try {
    await store.delete(key, call);
    return true;
  } catch (error) {
    if (SendenseError.is(error, 'IMMUTABLE')) return false;
    throw error;
  }
}
