import { seededInteger, seededRandom } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { type ObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { create, GRACE_MS, keysOf } from './hurt-objects.ts';
import { testKey } from './keys.ts';
import { createMemoryHead, type KeptHeads } from './memory-head.ts';
import { createMemoryStore, type Interceptor, type SharedObjects } from './memory-store.ts';
import { plainChunks } from './plain-chunks.ts';
import { type SamplePoint, sampleId, writeSample } from './sample-disk.ts';
import { Schedule } from './schedule.ts';

const SCHEDULES = 120 * Number(process.env.SENDENSE_TEST_SCALE ?? 1);
/** So many that a prune joins their removals. */
const GONE = 17;
const point = (stream: string, sequence: number): SamplePoint => ({ stream, sequence, disk: [sequence] });
const newest = point('a', 2);

/** The two writers are processes of one client. */
type Clients = { readonly office: KeptHeads; readonly late: KeptHeads; readonly pruner: KeptHeads };

function open(shared: SharedObjects, kept: KeptHeads, intercept?: Interceptor): Promise<ObjectRepository> {
  const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
  const access = { store: createMemoryStore(shared, intercept), key: testKey };
  const trustedHead = createMemoryHead(kept, intercept);
  return openObjectRepository({ ...access, trustedHead }, { clock, drivers: [plainChunks] });
}

async function look(shared: SharedObjects, kept: KeptHeads, intercept?: Interceptor): Promise<void> {
  await using _ = await open(shared, kept, intercept);
}

/** Many points that are gone, each removed by itself, of which a late client knows one; and two points that are there. */
async function history(): Promise<{ readonly shared: SharedObjects; readonly clients: Clients }> {
  const shared = await create();
  const clients = {
    office: new Map<string, string>(),
    late: new Map<string, string>(),
    pruner: new Map<string, string>(),
  };
  await using repository = await open(shared, clients.pruner);
  for (let sequence = 1; sequence <= GONE; sequence += 1) {
    await writeSample(repository, point('z', sequence));
    if (sequence === GONE / 2 + 0.5) await look(shared, clients.late);
    await repository.maintenance.delete(sampleId(point('z', sequence)));
  }
  for (const sequence of [1, 2]) await writeSample(repository, point('a', sequence));
  await look(shared, clients.office);
  return { shared, clients };
}

const past = await history();

const asideOf = (shared: SharedObjects): SharedObjects => ({ ...shared, objects: new Map(shared.objects) });

async function play(seed: number) {
  const random = seededRandom(seed);
  const shared = asideOf(past.shared);
  const clients = structuredClone(past.clients);
  let earlier = shared;
  let untilAside = 1 + seededInteger(random, 400);
  const schedule = new Schedule(
    (below) => seededInteger(random, below),
    () => {
      untilAside -= 1;
      if (untilAside === 0) earlier = asideOf(shared);
    },
  );
  let busy = 0;
  const backUp = (made: SamplePoint) => async (intercept: Interceptor) => {
    busy += 1;
    await using repository = await open(shared, clients.office, intercept);
    await writeSample(repository, made);
    busy -= 1;
  };
  const lookTwice = async (intercept: Interceptor) => {
    for (const pause of [0, 40]) {
      for (let turn = 0; turn < pause; turn += 1) await intercept({ kind: 'head', key: '' }, () => undefined);
      busy += 1;
      await look(shared, clients.late, intercept);
      busy -= 1;
    }
  };
  const prune = async (intercept: Interceptor) => {
    await using repository = await open(shared, clients.pruner, intercept);
    if (seededInteger(random, 2) === 0) await repository.maintenance.delete(sampleId(newest));
    for (let round = 0; round < 2; round += 1) {
      await repository.maintenance.prune({ last: 1 });
      // nobody lists for longer than the grace
      if (busy === 0) shared.nowMs += GRACE_MS;
    }
  };
  const outcomes = Promise.all([
    schedule.actor(backUp(point('a', 3))),
    schedule.actor(backUp(point('b', 1))),
    schedule.actor(lookTwice),
    schedule.actor(prune),
  ]);
  await Promise.all([outcomes, schedule.play()]);
  return { shared, earlier, clients, operations: schedule.operations };
}

/** Whether the newest point of each stream was there earlier, the same object. */
function isPresent(earlier: SharedObjects, shared: SharedObjects): boolean {
  const streams = Object.groupBy(keysOf(shared, 'points/').sort(), (key) => key.slice(0, -16));
  return Object.values(streams).every((keys = []) => {
    const key = keys.at(-1) ?? '';
    return earlier.objects.get(key)?.bytes === shared.objects.get(key)?.bytes;
  });
}

describe('two writers and a late reader with trusted heads, and a prune that joins removals, at once', () => {
  it(`miss nothing in ${SCHEDULES} orders of their operations, and refuse every earlier state`, async () => {
    let operations = 0;
    let refused = 0;
    for (let seed = 1; seed <= SCHEDULES; seed += 1) {
      try {
        const played = await play(seed);
        operations += played.operations;
        for (const kept of Object.values(played.clients)) {
          await look(played.shared, kept);
          const opening = look(played.earlier, structuredClone(kept));
          if (isPresent(played.earlier, played.shared)) await opening;
          else {
            await expect(opening).rejects.toMatchObject({ code: 'CORRUPT' });
            refused += 1;
          }
        }
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    process.stdout.write(
      `object repository, trusted heads: ${SCHEDULES} schedules (seeds 1 to ${SCHEDULES}), ${operations} operations, ${refused} earlier states refused\n`,
    );
    expect(refused).toBeGreaterThan(SCHEDULES);
  });
});
