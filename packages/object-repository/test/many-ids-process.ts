import { readFileSync } from 'node:fs';
import { collect } from '@sendense/testkit';
import { PREFIXES } from '../src/layout/object-keys.ts';
import { createObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { createDirectoryStore } from '../src/store/directory-store.ts';
import { testKey } from './keys.ts';
import { indexManyIds, storePointOfManyIds } from './many-ids.ts';
import { CHUNK_BYTES, type SamplePoint, writeSample } from './sample-disk.ts';

/*
 * A process of its own, so that its peak of memory is only of what it does: `make PATH COUNT` makes a repository of so many
 * distinct ids; `use PATH` lists it, backs up into it and prunes it, and prints the peak (MiB) and the seconds of each step.
 */
const [, , what = '', path = '', count = '0'] = process.argv;
const point: SamplePoint = { stream: 'new', sequence: 1, disk: [1, 2, 3] };
const seconds: Record<string, number> = {};

async function step<T>(name: string, run: () => Promise<T>): Promise<T> {
  const startMs = performance.now();
  const result = await run();
  seconds[name] = Math.round((performance.now() - startMs) / 10) / 100;
  return result;
}

/** The most memory that the process had, in MiB. */
function peakMib(): number {
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Math.round(Number(peak) / 1024);
}

const store = createDirectoryStore({ path });
if (what === 'make') {
  const options = { store, key: testKey, chunkBytes: CHUNK_BYTES };
  const repository = await createObjectRepository(options);
  await indexManyIds(store, Number(count));
  await storePointOfManyIds(store, Number(count));
  await repository[Symbol.asyncDispose]();
} else {
  await using repository = await openObjectRepository({ store, key: testKey });
  const points = await step('list', () => collect(repository.points()));
  await step('backup', () => writeSample(repository, point));
  const { freedBytes } = await step('prune', () => repository.maintenance.prune({ last: 2 }));
  const plans = await collect(store.list(PREFIXES.plans));
  process.stdout.write(
    `${JSON.stringify({ points: points.length, plans: plans.length, freedBytes, peakMib: peakMib(), seconds })}\n`,
  );
}
