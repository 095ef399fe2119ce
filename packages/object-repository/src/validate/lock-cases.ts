import { expectRefusal, expectSame, expectThat, sampleBytes } from './expect-store.ts';
import type { StoreCase, StoreContext } from './store-case.ts';

const UNDONE = 'whoever steals the credentials of the writer can destroy the backups';

/** Services keep whole seconds. */
const GRAIN_MS = 1000;

async function lockedUntil({ other }: StoreContext, key: string, until: Date): Promise<void> {
  const { retainUntil } = (await other.head(key)) ?? {};
  expectThat(retainUntil !== undefined, 'an object put with a lock shows none');
  const differenceMs = (retainUntil?.getTime() ?? 0) - until.getTime();
  expectThat(
    differenceMs >= 0 && differenceMs <= GRAIN_MS,
    `the lock ends ${differenceMs} ms off what was asked for`,
  );
}

/** Object lock. */
export const lockCases: readonly StoreCase[] = [
  {
    name: 'a locked object can be neither deleted nor replaced, and its lock only grows',
    clause: 'ObjectStore.delete: IMMUTABLE while retention forbids it; ObjectStore.retain: never shorten',
    consequence: UNDONE,
    requires: ({ retention }) => retention,
    async run(context) {
      const { store, other, prefix, sizes, now } = context;
      const key = `${prefix}/locked`;
      const bytes = sampleBytes(1000, 41);
      const end = new Date(now().getTime() + sizes.lockMs);
      await store.put(key, bytes, { retainUntil: end });
      await lockedUntil(context, key, end);
      await expectRefusal('IMMUTABLE', () => other.delete(key), 'deleting a locked object');
      await expectRefusal(
        'ALREADY_EXISTS',
        () => other.put(key, sampleBytes(10, 42)),
        'replacing a locked object',
      );
      await other.retain(key, now());
      await lockedUntil(context, key, end);
      const later = new Date(end.getTime() + 2000);
      await other.retain(key, later);
      await lockedUntil(context, key, later);
      await expectRefusal('IMMUTABLE', () => store.delete(key), 'deleting an object whose lock has grown');
      expectSame(await other.get(key), bytes, 'the locked object');
    },
    inverse: {
      name: 'a store without object lock refuses locks instead of ignoring them',
      async run({ store, prefix, now }) {
        const end = new Date(now().getTime() + 60_000);
        const key = `${prefix}/unlocked`;
        await expectRefusal(
          'UNSUPPORTED',
          () => store.put(key, sampleBytes(1, 1), { retainUntil: end }),
          'a lock',
        );
        expectThat((await store.head(key)) === undefined, 'an object whose lock was refused is there');
        await store.put(key, sampleBytes(1, 1));
        await expectRefusal('UNSUPPORTED', () => store.retain(key, end), 'a lock afterwards');
      },
    },
  },
  {
    name: 'an object put without a lock can be locked afterwards',
    clause: 'ObjectStore.retain: keeps the object at least until',
    consequence: 'objects that a new point shares with an old one are not protected',
    requires: ({ retention }) => retention,
    async run(context) {
      const { store, prefix, sizes, now } = context;
      const key = `${prefix}/locked-later`;
      await store.put(key, sampleBytes(10, 43));
      const end = new Date(now().getTime() + sizes.lockMs);
      await store.retain(key, end);
      await lockedUntil(context, key, end);
      await expectRefusal(
        'IMMUTABLE',
        () => store.delete(key),
        'deleting an object that was locked afterwards',
      );
      await expectRefusal(
        'NOT_FOUND',
        () => store.retain(`${prefix}/nothing`, end),
        'locking what is not there',
      );
    },
  },
];
