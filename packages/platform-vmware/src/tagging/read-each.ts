import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { limitConcurrency } from '@sendense/plugin-kit';
import { isGoneThere } from '../automation/index.ts';

/** Requests at once: tags and categories are told one by one. */
const AT_ONCE = 8;

/** More tags than any vCenter is made for: a server that tells more is not asked for each. */
const MAX_IDS = 50_000;

/**
 * What `read` resolves with for each of `ids`, in their order and each once, without those that are gone. The first that fails otherwise
 * ends all: no further one is asked for, those under way are cancelled by the signal of their call, and none goes on when this rejects.
 */
export async function readEach<T>(
  ids: readonly string[],
  read: (id: string, call: Call) => Promise<T>,
  call: Call | undefined,
): Promise<readonly T[]> {
  const asked = [...new Set(ids)];
  if (asked.length > MAX_IDS) throw tooMany(asked.length);
  const failing = new AbortController();
  const signal = call?.signal === undefined ? failing.signal : AbortSignal.any([call.signal, failing.signal]);
  const inTurn = limitConcurrency(AT_ONCE);
  const readOne = async (id: string): Promise<T | undefined> => {
    try {
      throwIfAborted(signal, 'read-tags');
      return await read(id, { ...call, signal });
    } catch (error) {
      if (isGoneThere(error)) return undefined;
      // what others reject with after the first is of no interest
      failing.abort(error);
      return undefined;
    }
  };
  const found = await Promise.all(asked.map((id) => inTurn(() => readOne(id))));
  if (failing.signal.aborted) throw failing.signal.reason;
  return found.filter((entry) => entry !== undefined);
}

function tooMany(count: number): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `the server tells ${count} tags or categories at once`, {
    operation: 'read-tags',
    remedy: 'check the address, and that no proxy answers in the place of vCenter',
  });
}
