import { type Call, SendenseError } from '@sendense/core';
import { newObjectId, type RepositoryContext } from '../context.ts';
import { PREFIXES } from '../layout/object-keys.ts';

/** A request that was repeated may have made the object the first time: it is asked at most so often for a time that is new. */
const MOST_ASKED = 4;

/** The store's time now, and what removes the object that told it. */
export type ToldTime = { readonly now: Date; readonly forget: (call?: Call) => Promise<void> };

type Asked = Pick<RepositoryContext, 'store' | 'random'>;

/**
 * Asks the store for its time now: that of the creation of an object made for it, asked again where the request was repeated, because
 * then the creation may be long ago. Nothing comes between the answer and what it is for: the object is removed by `forget`, after it.
 * Rejects with `CONNECTION_LOST`, to be tried later, when each question was repeated.
 */
export async function askStoreTime({ store, random }: Asked, call?: Call): Promise<ToldTime> {
  const keys: string[] = [];
  const forget = (later?: Call) => removeProbes(store, keys, later);
  try {
    while (keys.length < MOST_ASKED) {
      const key = `${PREFIXES.probes}${newObjectId(random)}`;
      keys.push(key);
      let attempts = 0;
      const beforeSend = () => {
        attempts += 1;
      };
      const { modifiedAt } = await store.put(key, random.bytes(1), { beforeSend }, call);
      if (attempts <= 1) return { now: modifiedAt, forget };
    }
    throw new SendenseError(
      'CONNECTION_LOST',
      'the store does not tell its time: each request was repeated',
      {
        operation: 'ask-store-time',
        remedy: 'repeat when the connection to the store is better',
      },
    );
  } catch (error) {
    await forget(call);
    throw error;
  }
}

/** The store's time now, for whom it does not matter that some time goes by until the object that told it is removed. */
export async function storeTime(asked: Asked, call?: Call): Promise<Date> {
  const { now, forget } = await askStoreTime(asked, call);
  await forget(call);
  return now;
}

/** Who may not delete leaves the objects, of one byte each, to prune. */
async function removeProbes(
  store: Asked['store'],
  keys: readonly string[],
  call: Call | undefined,
): Promise<void> {
  for (const key of keys)
    await store.delete(key, call).catch((error: unknown) => {
      if (!SendenseError.is(error)) throw error;
    });
}
