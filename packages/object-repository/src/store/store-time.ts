import type { Call } from '@sendense/core';
import { newObjectId, type RepositoryContext } from '../context.ts';
import { PREFIXES } from '../layout/object-keys.ts';

/** The store's time now: that of an object made for it. */
export async function storeTime(
  { store, random }: Pick<RepositoryContext, 'store' | 'random'>,
  call?: Call,
): Promise<Date> {
  const key = `${PREFIXES.probes}${newObjectId(random)}`;
  const { modifiedAt } = await store.put(key, random.bytes(1), undefined, call);
  await store.delete(key, call);
  return modifiedAt;
}
