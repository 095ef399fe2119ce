import { expect, vi } from 'vitest';
import type { BlockReader } from '../../src/block/block-reader.ts';
import { diskId } from '../../src/values/identifiers.ts';
import { list, memoryReader } from './memory-disk.ts';

/** A plugin's object with only what a test needs; anything else it is asked for fails the test. */
export const partial = (given: object): never => given as never;
export const code = (name: string) => expect.objectContaining({ name: 'SendenseError', code: name });
/** A method that resolves with `value`. */
export const stub = <T>(value: T) => vi.fn<() => Promise<T>>(() => Promise.resolve(value));
export const disposed = () => stub(undefined);
export const fence = { holder: 'test', token: 1, check: () => Promise.resolve() };

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = [];
  for await (const item of items) got.push(item);
  return got;
}

/** Runs `run` with a signal that fires while the plugin works. */
export function abortedDuring<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const cancel = new AbortController();
  const running = run(cancel.signal);
  cancel.abort();
  return running;
}

export const reader = (): BlockReader => memoryReader(new Uint8Array(1024)).reader;
export const view = () => ({
  id: diskId('a'),
  slot: { bus: 'virtio', controller: 0, unit: 0 },
  sizeBytes: 1024,
  sectorBytes: 512,
  reader: reader(),
  changes: {
    kind: 'incremental',
    since: 'i1',
    extents: () => list([{ offset: 0, length: 512, kind: 'data' }]),
  },
});
export const artifact = () => ({
  name: 'nvram',
  sensitive: false,
  sizeBytes: 1,
  bytes: () => Promise.resolve(new Uint8Array(1)),
});
