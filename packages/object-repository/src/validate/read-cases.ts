import { expectRefusal, expectSame, expectThat, sampleBytes } from './expect-store.ts';
import type { StoreCase } from './store-case.ts';

/** Reading: exactly what was asked for. */
export const readCases: readonly StoreCase[] = [
  {
    name: 'ranges are exact',
    clause: 'ObjectStore.get: exactly the bytes of the range',
    consequence: 'restores read the wrong bytes, or whole objects where a part is enough',
    async run({ store, prefix }) {
      const key = `${prefix}/ranges`;
      const bytes = sampleBytes(100_000, 11);
      await store.put(key, bytes);
      for (const [offset, length] of [
        [0, 1],
        [0, 100_000],
        [1, 4095],
        [65_535, 2],
        [99_999, 1],
        [50_000, 0],
        [100_000, 0],
      ] as const)
        expectSame(
          await store.get(key, { offset, length }),
          bytes.subarray(offset, offset + length),
          `the range [${offset}, +${length})`,
        );
    },
  },
  {
    name: 'a range past the end is refused, never shortened',
    clause: 'ObjectStore.get: RANGE_INVALID; never give fewer bytes',
    consequence: 'a truncated object is taken for a whole one',
    async run({ store, prefix }) {
      const key = `${prefix}/short`;
      await store.put(key, sampleBytes(1000, 12));
      for (const range of [
        { offset: 0, length: 1001 },
        { offset: 999, length: 2 },
        { offset: 1000, length: 1 },
        { offset: 5000, length: 10 },
        { offset: 1001, length: 0 },
      ])
        await expectRefusal(
          'RANGE_INVALID',
          () => store.get(key, range),
          `the range ${JSON.stringify(range)} of 1000 bytes`,
        );
    },
  },
  {
    name: 'what is not there is said to be not there',
    clause: 'ObjectStore.get: NOT_FOUND; ObjectStore.head: undefined when there is none',
    consequence: 'a missing object cannot be told from a failure',
    async run({ store, prefix }) {
      const key = `${prefix}/nothing`;
      await expectRefusal('NOT_FOUND', () => store.get(key), 'reading an object that is not there');
      await expectRefusal('NOT_FOUND', () => store.get(key, { offset: 0, length: 1 }), 'a range of nothing');
      await expectRefusal(
        'NOT_FOUND',
        () => store.get(key, { offset: 0, length: 0 }),
        'an empty range of nothing',
      );
      expectThat((await store.head(key)) === undefined, 'head knows an object that is not there');
    },
  },
  {
    name: 'many ranges at once do not mix',
    clause: 'ObjectStore.get: exactly the bytes of the range',
    consequence: 'parallel restores are damaged',
    async run({ store, prefix }) {
      const key = `${prefix}/parallel`;
      const bytes = sampleBytes(64 * 1024, 13);
      await store.put(key, bytes);
      const offsets = Array.from({ length: 64 }, (_, index) => index * 1024);
      const parts = await Promise.all(offsets.map((offset) => store.get(key, { offset, length: 1024 })));
      expectSame(Buffer.concat(parts), bytes, '64 ranges read at once');
    },
  },
  {
    name: 'what is put where the reader says is right, however much room is there',
    clause: 'ObjectStore.get: exactly the bytes of the range, at the start of `into` or elsewhere',
    consequence: 'restores that use memory again read the wrong bytes',
    async run({ store, prefix }) {
      const key = `${prefix}/into`;
      const bytes = sampleBytes(9000, 15);
      await store.put(key, bytes);
      const range = { offset: 1234, length: 5000 };
      const expected = bytes.subarray(1234, 6234);
      for (const room of [5000, 7000, 4999, 0]) {
        const into = new Uint8Array(room).fill(0xa5);
        const found = await store.get(key, range, { into });
        expectSame(found, expected, `5000 bytes with room for ${room}`);
        await store.get(key, { offset: 0, length: 5000 }, { into: new Uint8Array(5000) });
        expectSame(found, expected, 'what was read, after something else was read elsewhere');
      }
    },
  },
  {
    name: 'what was read belongs to its reader, who may change it',
    clause: 'ObjectStore.get: give memory of the caller’s own, which it may change or give back',
    consequence: 'whoever reads an object again gets what the first reader made of it',
    async run({ store, prefix }) {
      const key = `${prefix}/own-memory`;
      const bytes = sampleBytes(5000, 14);
      await store.put(key, bytes);
      for (const range of [undefined, { offset: 1000, length: 2000 }]) {
        const [first, second] = [await store.get(key, range), await store.get(key, range)];
        first.fill(0);
        const { offset, length } = range ?? { offset: 0, length: bytes.byteLength };
        const expected = bytes.subarray(offset, offset + length);
        expectSame(second, expected, 'an answer after the one before it was changed');
        expectSame(await store.get(key, range), expected, 'an object after what was read of it was changed');
      }
    },
  },
];
