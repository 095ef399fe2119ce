import { type ErrorCode, SendenseError } from '@sendense/core';
import type { ListedObject, ListOptions, ObjectStore } from '../store/object-store.ts';

/** Rejects with a sentence that says which promise is broken. */
export function broken(sentence: string): never {
  throw new Error(sentence);
}

/** Fails with `sentence` unless `isTrue`. */
export function expectThat(isTrue: boolean, sentence: string): void {
  if (!isTrue) broken(sentence);
}

/** Fails unless the bytes are equal. */
export function expectSame(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (Buffer.compare(actual, expected) === 0) return;
  broken(`${what}: ${actual.byteLength} bytes came that are not the ${expected.byteLength} bytes put`);
}

/** Fails unless `run` rejects with `code`; any other error of the store is passed on as it is. */
export async function expectRefusal(
  code: ErrorCode,
  run: () => Promise<unknown>,
  what: string,
): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (SendenseError.is(error, code)) return;
    throw error;
  }
  broken(`${what} was accepted; it must be refused with ${code}`);
}

/** A listing to its end. */
export async function listed(
  store: ObjectStore,
  prefix: string,
  options?: ListOptions,
): Promise<ListedObject[]> {
  const found: ListedObject[] = [];
  for await (const object of store.list(prefix, options)) found.push(object);
  return found;
}

/** The keys of a listing. */
export async function listedKeys(
  store: ObjectStore,
  prefix: string,
  options?: ListOptions,
): Promise<string[]> {
  return (await listed(store, prefix, options)).map(({ key }) => key);
}

/** Bytes that compress badly and tell their place: the same for the same seed. */
export function sampleBytes(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
