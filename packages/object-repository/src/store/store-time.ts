import { type Call, SendenseError } from '@sendense/core';
import { newObjectId, type RepositoryContext } from '../context.ts';
import { PREFIXES } from '../layout/object-keys.ts';

/** The store's time now: that of an object made for it. Who may not delete leaves that one, of one byte, to prune. */
export async function storeTime(
  { store, random }: Pick<RepositoryContext, 'store' | 'random'>,
  call?: Call,
): Promise<Date> {
  const key = `${PREFIXES.probes}${newObjectId(random)}`;
  const { modifiedAt } = await store.put(key, random.bytes(1), undefined, call);
  await store.delete(key, call).catch((error: unknown) => {
    if (!SendenseError.is(error)) throw error;
  });
  return modifiedAt;
}
