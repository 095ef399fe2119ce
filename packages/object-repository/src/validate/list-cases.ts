import { limitConcurrency } from '@sendense/plugin-kit';
import type { ObjectStore } from '../store/object-store.ts';
import { broken, expectThat, listed, listedKeys, sampleBytes } from './expect-store.ts';
import type { StoreCase } from './store-case.ts';

/** In the order of their bytes. No name is also the beginning of a folder: a file system could not hold both. */
const ORDERED = ['A', 'a-b', 'a.b', 'a/B', 'a/b', 'a0', 'aB', 'a_b', 'ab', 'b/1', 'b/1.1', 'b/10', 'b/2'];

const MISSED = 'prune can miss what is still needed, and a repository can miss its points';

async function fill(store: ObjectStore, keys: readonly string[]): Promise<void> {
  const limited = limitConcurrency(16);
  await Promise.all(keys.map((key) => limited(() => store.put(key, sampleBytes(key.length, 21)))));
}

function expectKeys(actual: readonly string[], expected: readonly string[], what: string): void {
  if (actual.join('\n') === expected.join('\n')) return;
  const at = expected.findIndex((key, index) => key !== actual[index]);
  broken(`${what}: ${actual.length} keys, ${expected.length} are there; the first difference is at ${at}`);
}

/** Listing: all of it, in order. */
export const listCases: readonly StoreCase[] = [
  {
    name: 'keys are listed by their bytes, whatever the order they came in',
    clause: 'ObjectStore.list: ascending by the UTF-8 bytes of the key',
    consequence: MISSED,
    async run({ store, other, prefix }) {
      const keys = ORDERED.map((name) => `${prefix}/${name}`);
      await fill(store, keys.toReversed());
      expectKeys(await listedKeys(other, `${prefix}/`), keys, 'all keys');
      for (const { key, sizeBytes } of await listed(other, `${prefix}/`))
        expectThat(
          sizeBytes === key.length,
          `${key} is listed with ${sizeBytes} bytes, it has ${key.length}`,
        );
    },
  },
  {
    name: 'a listing begins anywhere, and has only what begins with the prefix',
    clause:
      'ObjectStore.list: every object whose key begins with prefix; ListOptions.after: only keys behind it',
    consequence: MISSED,
    async run({ store, prefix }) {
      const keys = ORDERED.map((name) => `${prefix}/${name}`);
      await fill(store, keys);
      for (const start of ['', 'a', 'a/', 'b/1', 'nothing', 'a_'])
        expectKeys(
          await listedKeys(store, `${prefix}/${start}`),
          keys.filter((key) => key.startsWith(`${prefix}/${start}`)),
          `keys that begin with ${start}`,
        );
      for (const name of ['a/b', 'a1', 'b/10', 'b/2'])
        expectKeys(
          await listedKeys(store, `${prefix}/`, { after: `${prefix}/${name}` }),
          keys.filter((key) => key > `${prefix}/${name}`),
          `keys behind ${name}`,
        );
    },
  },
  {
    name: 'a listing of several pages has each object once',
    clause: 'ObjectStore.list: in pages; each object that was there for the whole listing, once',
    consequence: MISSED,
    async run({ store, other, prefix, sizes: { listedObjects } }) {
      const key = (index: number) => `${prefix}/${String(index).padStart(7, '0')}`;
      const keys = Array.from({ length: listedObjects }, (_, index) => key(2 * index));
      await fill(store, keys);
      expectKeys(await listedKeys(other, `${prefix}/`), keys, 'all pages');
      const seen: string[] = [];
      let added = 0;
      for await (const object of other.list(`${prefix}/`)) {
        seen.push(object.key);
        // objects that come and go beside those that stay
        if (seen.length % Math.ceil(listedObjects / 8) !== 0) continue;
        added += 1;
        await store.put(key(2 * listedObjects - 2 * added + 1), sampleBytes(1, 1));
        await store.put(key(2 * added - 1), sampleBytes(1, 1));
      }
      const isStayer = new Set(keys);
      expectKeys(
        seen.filter((each) => isStayer.has(each)),
        keys,
        'a listing while objects are created',
      );
      expectThat(new Set(seen).size === seen.length, 'an object was listed twice');
    },
  },
];
