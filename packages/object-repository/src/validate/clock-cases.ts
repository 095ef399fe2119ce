import { TIME_GRAIN_MS } from '../store/object-store.ts';
import { expectThat, listed, sampleBytes } from './expect-store.ts';
import type { StoreCase } from './store-case.ts';

/** What clocks of machines in order differ by at most; S3 itself refuses requests beyond 15 minutes. */
const TOLERATED_MS = 5 * 60_000;

/** Time: prune measures its grace by the store's clock. */
export const clockCases: readonly StoreCase[] = [
  {
    name: 'the time of objects goes on, and is the same by every way of asking',
    clause: 'ObjectStatus.modifiedAt: by the store’s clock',
    consequence: 'prune can take a new object for an old one',
    async run({ store, other, prefix }) {
      const first = await store.put(`${prefix}/1`, sampleBytes(1, 1));
      const second = await store.put(`${prefix}/2`, sampleBytes(1, 1));
      expectThat(
        second.modifiedAt.getTime() >= first.modifiedAt.getTime() - TIME_GRAIN_MS,
        'the clock of the store went back between two objects',
      );
      const [one, two] = await listed(other, `${prefix}/`);
      const asked = [await other.head(`${prefix}/1`), one, await other.head(`${prefix}/2`), two];
      const told = [first, first, second, second];
      for (const [index, status] of asked.entries()) {
        const differenceMs = Math.abs(
          (status?.modifiedAt.getTime() ?? 0) - (told[index]?.modifiedAt.getTime() ?? 0),
        );
        expectThat(differenceMs <= TIME_GRAIN_MS, 'put, head and list tell different times of an object');
      }
    },
  },
  {
    name: 'the clocks of the store and of this machine agree',
    clause: 'ObjectStatus.modifiedAt: by the store’s clock',
    consequence: 'signed requests are refused, and times of backups are misleading',
    severity: 'warning',
    async run({ store, prefix, now }) {
      const before = now().getTime();
      const { modifiedAt } = await store.put(`${prefix}/now`, sampleBytes(1, 1));
      const skewMs = Math.max(
        before - TIME_GRAIN_MS - modifiedAt.getTime(),
        modifiedAt.getTime() - now().getTime() - TIME_GRAIN_MS,
        0,
      );
      expectThat(skewMs <= TOLERATED_MS, `the clock of the store differs by ${Math.round(skewMs / 1000)} s`);
    },
  },
];
