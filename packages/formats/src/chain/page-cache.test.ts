import { expect, it } from 'vitest';
import { PageCache } from './page-cache.ts';

const page = async () => new Uint8Array(100);

it('a page is loaded once for all who wait for it, and is there at once after that', async () => {
  const cache = new PageCache();
  let loads = 0;
  const load = () => {
    loads += 1;
    return page();
  };
  await Promise.all([cache.get('a', load), cache.get('a', load)]);
  expect([loads, cache.get('a', load) instanceof Promise]).toEqual([1, false]);
});

it('the page unused for longest goes first, and memory stays within the limit', async () => {
  const cache = new PageCache(250);
  await cache.get('a', page);
  await cache.get('b', page);
  await cache.get('a', page);
  await cache.get('c', page);
  expect(cache.bytes).toBe(200);
  const isHere = (key: string) => !(cache.get(key, page) instanceof Promise);
  expect([isHere('a'), isHere('c'), isHere('b')]).toEqual([true, true, false]);
});

it('a page that could not be loaded is asked for again', async () => {
  const cache = new PageCache();
  await expect(async () => cache.get('a', () => Promise.reject(new Error('once')))).rejects.toThrow('once');
  expect(await cache.get('a', page)).toHaveLength(100);
});
