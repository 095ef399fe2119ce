import { SendenseError } from '@sendense/core';

/** The SendenseError that `promise` rejects with; fails the test when it does anything else. */
export async function errorOf(promise: Promise<unknown>): Promise<SendenseError> {
  const error = await promise.then(
    () => 'nothing was thrown',
    (reason: unknown) => reason,
  );
  if (SendenseError.is(error)) return error;
  throw new Error(`no SendenseError: ${String(error)}`);
}

/** Everything an iterable yields. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
