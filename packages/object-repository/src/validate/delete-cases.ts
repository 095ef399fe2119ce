import { expectRefusal, expectSame, expectThat, listedKeys, sampleBytes } from './expect-store.ts';
import type { StoreCase } from './store-case.ts';

/** Deleting. A writer needs none of it; prune does. */
export const deleteCases: readonly StoreCase[] = [
  {
    name: 'a deleted object is gone for everybody, and may be deleted again',
    clause: 'ObjectStore.delete: removes an object; resolve when there is none',
    consequence: 'prune frees no space',
    needsDelete: true,
    async run({ store, other, prefix }) {
      const [gone, stays] = [`${prefix}/gone`, `${prefix}/gone-not`];
      await store.put(gone, sampleBytes(100, 31));
      await store.put(stays, sampleBytes(100, 32));
      await store.delete(gone);
      await other.delete(gone);
      await store.delete(`${prefix}/never`);
      await expectRefusal('NOT_FOUND', () => other.get(gone), 'reading a deleted object');
      expectThat((await other.head(gone)) === undefined, 'head still knows a deleted object');
      const keys = await listedKeys(other, `${prefix}/`);
      expectThat(
        keys.join() === stays,
        `after a deletion the listing has ${keys.length} keys, it must have 1`,
      );
      expectSame(await other.get(stays), sampleBytes(100, 32), 'the object beside a deleted one');
    },
  },
  {
    name: 'a key is free again after its deletion',
    clause: 'ObjectStore.put: creates an object',
    consequence: 'a repository cannot be made where one was deleted',
    needsDelete: true,
    async run({ store, other, prefix }) {
      const key = `${prefix}/again`;
      await store.put(key, sampleBytes(10, 33));
      await store.delete(key);
      await other.put(key, sampleBytes(20, 34));
      expectSame(await store.get(key), sampleBytes(20, 34), 'the object made after a deletion');
    },
  },
];
