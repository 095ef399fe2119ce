import { collect } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { createObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import type { ObjectStore } from '../src/store/object-store.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, noObjects } from './memory-store.ts';
import { CHUNK_BYTES, expectSample, type SamplePoint, sampleId, writeSample } from './sample-disk.ts';

const GIB = 2 ** 30;
const point: SamplePoint = { stream: 's', sequence: 1, disk: [1, 2, 3] };

/** A store in which an object of 1 GiB is at `key`; fetching it fails the test. */
function withHugeObject(store: ObjectStore, key: string): ObjectStore {
  const huge = { sizeBytes: GIB, modifiedAt: new Date(0) };
  return {
    ...store,
    head: async (asked, call) => (asked === key ? huge : store.head(asked, call)),
    get: async (asked, range, call) => {
      if (asked === key) throw new TypeError(`${key} was fetched`);
      return store.get(asked, range, call);
    },
    async *list(prefix, options, call) {
      const listed = await collect(store.list(prefix, options, call));
      const all = key.startsWith(prefix)
        ? [...listed.filter((each) => each.key !== key), { key, ...huge }]
        : listed;
      yield* all.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    },
  };
}

it.each([
  ['an index object', `index/${'f'.repeat(32)}`, 'index-damaged'],
  ['a manifest', `points/${'f'.repeat(32)}/0000000000000001`, 'manifest-damaged'],
  ['a plan', `prune/plan-${'f'.repeat(32)}`, 'plan-damaged'],
  ['a number of a disk', `disks/${'f'.repeat(32)}/00000000`, 'disk-number-damaged'],
  ['a key slot', `keys/${'f'.repeat(32)}`, 'key-slot-damaged'],
  ['a damage record', `damage/${'f'.repeat(32)}`, 'damage-record-damaged'],
  ['a removal', `removed/00020454-${'f'.repeat(32)}`, 'removal-damaged'],
])(
  '%s of 1 GiB is told to be damaged and never fetched, and the rest is restored',
  async (_what, key, code) => {
    const store = createMemoryStore(noObjects());
    const options = { store, key: testKey, chunkBytes: CHUNK_BYTES };
    await using repository = await createObjectRepository(options);
    await writeSample(repository, point);
    await using opened = await openObjectRepository({ store: withHugeObject(store, key), key: testKey });
    await expectSample(opened, sampleId(point), point.disk);
    const findings = await collect(opened.verify({ depth: 'structure' }));
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([
      expect.objectContaining({ code, object: key }),
    ]);
  },
);

it('a key slot of 1 GiB is no other key, and is not fetched when the only one is removed', async () => {
  const store = createMemoryStore(noObjects());
  await (await createObjectRepository({ store, key: testKey }))[Symbol.asyncDispose]();
  const slot = `keys/${'f'.repeat(32)}`;
  await using opened = await openObjectRepository({ store: withHugeObject(store, slot), key: testKey });
  const [only] = await collect(store.list('keys/'));
  const removed = opened.maintenance.removeKey(only?.key.slice('keys/'.length) ?? '');
  await expect(removed).rejects.toMatchObject({ code: 'CONFLICT' });
});
