import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDirectoryStore } from '@sendense/object-repository';
import { collect } from '@sendense/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { slowStore } from './slow-store.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sendense-slow-store-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('each request has a delay of its own, a listing one for what fits into an answer', async () => {
  let delays = 0;
  const delay = async () => {
    delays += 1;
  };
  await using store = slowStore(createDirectoryStore({ path: folder }), delay);
  await store.put('a/b', Buffer.from('bytes'));
  expect(Buffer.from(await store.get('a/b', { offset: 1, length: 3 })).toString()).toBe('yte');
  expect(await store.head('a/b')).toMatchObject({ sizeBytes: 5 });
  expect(delays).toBe(3);
  const listed = await collect(store.list('a/'));
  expect(listed.map(({ key }) => key)).toEqual(['a/b']);
  expect(delays).toBe(4);
  await store.delete('a/b');
  expect(delays).toBe(5);
});

test('the store behind is not asked before the delay is over, and requests wait beside each other', async () => {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  await using inner = createDirectoryStore({ path: folder });
  await using store = slowStore(inner, () => over);
  const puts = ['a', 'b'].map((key) => store.put(key, Buffer.from(key)));
  expect(await inner.head('a')).toBeUndefined();
  end();
  await Promise.all(puts);
  expect(await collect(inner.list(''))).toHaveLength(2);
});
