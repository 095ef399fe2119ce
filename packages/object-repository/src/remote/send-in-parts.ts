import { type Call, SendenseError } from '@sendense/core';
import { limitConcurrency } from '@sendense/plugin-kit';

/** Parts of one object under way at once. */
const PARALLEL_PARTS = 4;

/** Sends one part; `index` counts from 0. */
export type SendPart<T> = (bytes: Uint8Array, index: number, call: Call) => Promise<T>;

/** Sends a body in parts of `partBytes`; gives what each was answered, in order. The first failure stops the others. */
export async function sendInParts<T>(
  body: Uint8Array,
  partBytes: number,
  call: Call | undefined,
  send: SendPart<T>,
): Promise<T[]> {
  const limited = limitConcurrency(PARALLEL_PARTS);
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(call?.signal === undefined ? [] : [call.signal])]);
  const sendOne = async (index: number): Promise<T> => {
    try {
      return await send(body.subarray(index * partBytes, (index + 1) * partBytes), index, { signal });
    } catch (error) {
      // before the place becomes free: no further part begins
      stop.abort();
      throw error;
    }
  };
  const count = Math.ceil(body.byteLength / partBytes);
  const settled = await Promise.allSettled(
    Array.from({ length: count }, (_, index) => limited(() => sendOne(index), signal)),
  );
  const failures = settled.flatMap((part) => (part.status === 'rejected' ? [part.reason as unknown] : []));
  // what stopped the others comes first; the others only say that they were stopped
  const cause = failures.find((error) => !SendenseError.is(error, 'ABORTED')) ?? failures[0];
  if (cause !== undefined) throw cause;
  return settled.flatMap((part) => (part.status === 'fulfilled' ? [part.value] : []));
}
