import { type Fence, type Json, SendenseError } from '@sendense/core';
import { expect, it } from 'vitest';
import { collect, errorOf } from '../../test/outcome.ts';
import { openCatalog } from '../catalog.ts';

const fence: Fence = { holder: 'test', token: 1, check: () => Promise.resolve() };

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await errorOf(promise)).code;
}

it('gives back what was written, with the revision that the next write must name', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const { journal } = catalog;
  const value: Json = { text: 'ä\u0000"', list: [1, 2.5, -0, null, true], deep: { a: { b: {} } } };
  const first = await journal.write('a', value, 'absent', fence);
  expect(await journal.read('a')).toEqual({ value: JSON.parse(JSON.stringify(value)), revision: first });
  const second = await journal.write('a', 'two', first, fence);
  expect(second).toBeGreaterThan(first);
  expect(await journal.read('a')).toEqual({ value: 'two', revision: second });
  expect(await journal.read('b')).toBeUndefined();
});

it('refuses a write that names another revision, and changes nothing then', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const { journal } = catalog;
  expect(await codeOf(journal.write('a', 1, 1, fence))).toBe('CONFLICT');
  const first = await journal.write('a', 1, 'absent', fence);
  expect(await codeOf(journal.write('a', 2, 'absent', fence))).toBe('CONFLICT');
  await journal.write('a', undefined, first, fence);
  await journal.write('a', 3, 'absent', fence);
  // the old revision never comes back, so a reader from before the removal cannot overwrite
  expect(await codeOf(journal.write('a', 4, first, fence))).toBe('CONFLICT');
  expect((await journal.read('a'))?.value).toBe(3);
});

it('lists keys by prefix, ascending, whatever characters the prefix holds', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const { journal } = catalog;
  for (const key of ['s_/b', 's_/a', 'sx/a', 's%/c', 't', 's_/🂡x', 's_/🂡y', 's_/🂢']) {
    await journal.write(key, null, 'absent', fence);
  }
  expect(await collect(journal.list('s_/'))).toEqual(['s_/a', 's_/b', 's_/🂡x', 's_/🂡y', 's_/🂢']);
  expect(await collect(journal.list('s_/🂡'))).toEqual(['s_/🂡x', 's_/🂡y']);
  expect(await collect(journal.list('s%'))).toEqual(['s%/c']);
  expect(await collect(journal.list(''))).toHaveLength(8);
  expect(await collect(journal.list('nothing'))).toEqual([]);
});

it('lists more keys than one page holds, each once', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const keys = Array.from({ length: 1203 }, (_, index) => `k/${String(index).padStart(5, '0')}`);
  for (const key of keys) await catalog.journal.write(key, 0, 'absent', fence);
  expect(await collect(catalog.journal.list('k/'))).toEqual(keys);
});

it('refuses a write under a lost lease, its own or a foreign one', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const lease = await catalog.acquireFence('worker', { holder: 'h', ttlMs: 60_000 });
  const revision = await catalog.journal.write('a', 1, 'absent', lease);
  await lease[Symbol.asyncDispose]();
  expect(await codeOf(catalog.journal.write('a', 2, revision, lease))).toBe('FENCED');
  const lost: Fence = {
    holder: 'x',
    token: 9,
    check: () => Promise.reject(new SendenseError('FENCED', 'lost', { operation: 'test' })),
  };
  expect(await codeOf(catalog.journal.write('a', 3, revision, lost))).toBe('FENCED');
  expect((await catalog.journal.read('a'))?.value).toBe(1);
});

it('gives one of several writers at once the revision, and the others CONFLICT', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const writes = Array.from({ length: 8 }, (_, index) => catalog.journal.write('a', index, 'absent', fence));
  const results = await Promise.allSettled(writes);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

it('does nothing once the call is aborted or the catalog closed', async () => {
  const catalog = await openCatalog({ path: ':memory:' });
  const aborted = { signal: AbortSignal.abort() };
  expect(await codeOf(catalog.journal.write('a', 1, 'absent', fence, aborted))).toBe('ABORTED');
  expect(await codeOf(catalog.journal.read('a', aborted))).toBe('ABORTED');
  expect(await catalog.journal.read('a')).toBeUndefined();
  await catalog[Symbol.asyncDispose]();
  await catalog[Symbol.asyncDispose]();
  expect(await codeOf(catalog.journal.read('a'))).toBe('NOT_OPEN');
});
