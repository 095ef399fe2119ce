import { SendenseError } from '@sendense/core';
import { expectRefusal, expectSame, expectThat, sampleBytes } from './expect-store.ts';
import type { StoreCase, StoreContext } from './store-case.ts';

const TWO_WRITERS = 'two writers can destroy each other’s points without noticing';

async function race({ store, other, prefix, sizes: { racers } }: StoreContext) {
  const key = `${prefix}/race`;
  const bodies = Array.from({ length: racers }, (_, index) => sampleBytes(1000 + index, index));
  const ends = await Promise.allSettled(
    bodies.map((bytes, index) => (index % 2 === 0 ? store : other).put(key, bytes)),
  );
  const winners = bodies.filter((_, index) => ends[index]?.status === 'fulfilled');
  const losses = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
  return { key, winners, losses };
}

/** Creating: whole, once, durable. */
export const createCases: readonly StoreCase[] = [
  {
    name: 'an object is there for everybody once put resolves',
    clause: 'ObjectStore.put: show the object to every later get, head and list',
    consequence: 'a backup that was reported as done may not be found',
    async run({ store, other, prefix }) {
      for (const length of [0, 1, 4096, 300_001]) {
        const key = `${prefix}/whole-${length}`;
        const bytes = sampleBytes(length, length);
        const status = await store.put(key, bytes);
        expectThat(status.sizeBytes === length, `put tells ${status.sizeBytes} bytes of ${length}`);
        for (const reader of [other, store]) {
          expectSame(await reader.get(key), bytes, `${length} bytes read after the write`);
          expectThat((await reader.head(key))?.sizeBytes === length, 'head does not know what was just put');
          let isListed = false;
          for await (const object of reader.list(key))
            isListed ||= object.key === key && object.sizeBytes === length;
          expectThat(isListed, 'a listing does not know what was just put');
        }
      }
    },
  },
  {
    name: 'pieces are joined in their order, and left as they were',
    clause: 'ObjectStore.put: not change bytes',
    consequence: 'objects are stored damaged',
    async run({ store, prefix }) {
      const pieces = [sampleBytes(10, 1), new Uint8Array(), sampleBytes(70_000, 2)];
      const copies = pieces.map((piece) => Uint8Array.from(piece));
      await store.put(`${prefix}/pieces`, pieces);
      expectSame(await store.get(`${prefix}/pieces`), Buffer.concat(copies), 'joined pieces');
      for (const [index, copy] of copies.entries())
        expectSame(pieces[index] ?? new Uint8Array(), copy, 'the piece after put');
    },
  },
  {
    name: 'a large object is whole, and is create-only too',
    clause: 'ObjectStore.put: show the object whole or not at all; never replace one',
    consequence: TWO_WRITERS,
    async run({ store, other, prefix, sizes: { largeBytes } }) {
      const bytes = sampleBytes(largeBytes, 3);
      const key = `${prefix}/large`;
      await store.put(key, bytes);
      expectSame(await other.get(key), bytes, 'a large object');
      await expectRefusal(
        'ALREADY_EXISTS',
        () => other.put(key, sampleBytes(largeBytes, 4)),
        'a second large object',
      );
      expectSame(await store.get(key), bytes, 'the large object after a second one was refused');
    },
  },
  {
    name: 'an object is never replaced',
    clause: 'ObjectStore.put: never replace one (ALREADY_EXISTS, identical bytes or not)',
    consequence: TWO_WRITERS,
    async run({ store, other, prefix }) {
      const key = `${prefix}/once`;
      const bytes = sampleBytes(5000, 5);
      await store.put(key, bytes);
      await expectRefusal(
        'ALREADY_EXISTS',
        () => other.put(key, sampleBytes(5000, 6)),
        'another object of the same key',
      );
      await expectRefusal('ALREADY_EXISTS', () => store.put(key, bytes), 'the same object again');
      expectSame(await other.get(key), bytes, 'the object after others were refused');
    },
  },
  {
    name: 'of many creations at the same moment exactly one wins',
    clause: 'ObjectStore.put: never replace one',
    consequence: TWO_WRITERS,
    async run(context) {
      const { key, winners, losses } = await race(context);
      const strange = losses.find((error) => !SendenseError.is(error, 'ALREADY_EXISTS'));
      if (strange !== undefined) throw strange;
      expectThat(winners.length === 1, `${winners.length} creations of one object were accepted`);
      expectSame(await context.other.get(key), winners[0] ?? new Uint8Array(), 'the object that won');
    },
  },
  {
    name: 'what is no key is refused',
    clause: 'ObjectStore: keys are segments of [A-Za-z0-9._-], at most 512 bytes',
    consequence: 'names from damaged data could reach other objects',
    async run({ store, prefix }) {
      const longest = prefix.padEnd(512, '/x').replace(/\/$/, 'x');
      for (const key of [
        '',
        '/a',
        'a//b',
        'a/',
        '../a',
        'a/..',
        './a',
        'a b',
        'ä',
        'a\\b',
        'a\u0000',
        `${longest}x`,
      ])
        for (const run of [
          () => store.put(key, new Uint8Array(1)),
          () => store.get(key),
          () => store.delete(key),
        ])
          await expectRefusal('CONFIG_INVALID', run, `the key ${JSON.stringify(key.slice(0, 20))}`);
      await store.put(longest, sampleBytes(3, 3));
      expectThat((await store.head(longest))?.sizeBytes === 3, 'an object with the longest key is not found');
    },
  },
  {
    name: 'a creation asks before it is sent, and leaves nothing when it may not be',
    clause: 'ObjectStore.put: what beforeSend throws it rejects with',
    consequence: 'a backup on a machine that slept can commit what a prune has deleted meanwhile',
    severity: 'warning',
    async run({ store, prefix, sizes: { largeBytes } }) {
      const beforeSend = () => {
        throw new SendenseError('EXPIRED', 'too late', { operation: 'put-object' });
      };
      for (const length of [10, largeBytes]) {
        const key = `${prefix}/late-${length}`;
        const put = () => store.put(key, sampleBytes(length, 8), { beforeSend });
        await expectRefusal('EXPIRED', put, 'a late put');
        expectThat((await store.head(key)) === undefined, 'a late put made an object');
      }
    },
  },
  {
    name: 'a cancelled creation leaves nothing',
    clause: 'ObjectStore: rejects with ABORTED once the signal has fired',
    consequence: 'a stopped backup goes on writing',
    async run({ store, prefix }) {
      const call = { signal: AbortSignal.abort() };
      const key = `${prefix}/cancelled`;
      await expectRefusal('ABORTED', () => store.put(key, sampleBytes(10, 7), {}, call), 'a cancelled put');
      await expectRefusal('ABORTED', () => store.get(key, undefined, call), 'a cancelled get');
      expectThat((await store.head(key)) === undefined, 'a cancelled put made an object');
    },
  },
];
