import { SendenseError, systemServices } from '@sendense/core';
import { createEngine } from '@sendense/engine';
import { createObjectRepository, openObjectRepository } from '@sendense/object-repository';
import {
  collect,
  createMemoryJournal,
  createTestFence,
  type JournalStorage,
  seededBytes,
  seededInteger,
  seededRandom,
} from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { Life, mortal } from '../../packages/engine/test/mortal.ts';
import { pointBytes } from '../../packages/engine/test/world.ts';
import { testKey } from '../../packages/object-repository/test/keys.ts';
import {
  createMemoryStore,
  noObjects,
  type SharedObjects,
} from '../../packages/object-repository/test/memory-store.ts';
import { testScale, testSeed } from '../scale.ts';
import { type InterruptedWorld, imageWorld, worlds } from './interrupted-worlds.ts';

const MIB = 1024 * 1024;
const DISK_BYTES = 12 * MIB;
/** A record of the progress comes after so many bytes, and after what one write holds. */
const STEP_BYTES = 2 * MIB;
const LOST_BYTES = STEP_BYTES + 4 * MIB;

type Storage = { readonly shared: SharedObjects; readonly journal: JournalStorage };

/** How a process ends before its backup does: it dies at a put, or the store refuses that put. */
type End = { readonly at: number; readonly how: 'dies' | 'fails' };

const access = (shared: SharedObjects) => ({
  store: createMemoryStore(shared),
  key: testKey,
  progressBytes: STEP_BYTES,
});

async function createStorage(): Promise<Storage> {
  const shared = noObjects();
  await (await createObjectRepository({ ...access(shared), chunkBytes: 64 * 1024 }))[Symbol.asyncDispose]();
  return { shared, journal: { entries: new Map(), revision: 0 } };
}

/** Backs the disk up in one process; gives the result unless it ended before. */
async function backUp({ shared, journal }: Storage, world: InterruptedWorld, end?: End) {
  const life = new Life();
  let puts = 0;
  const store = createMemoryStore(shared, async ({ kind }, run) => {
    if (kind === 'put' && ++puts >= (end?.at ?? Number.POSITIVE_INFINITY)) {
      if (end?.how === 'dies') life.dead = true;
      else throw new SendenseError('CONNECTION_LOST', 'the store is gone', { operation: 'put-object' });
    }
    life.run(kind, run);
  });
  const engine = createEngine({
    journal: mortal(createMemoryJournal(journal), life, 'journal'),
    services: systemServices(),
    fence: createTestFence(),
  });
  await using repository = await openObjectRepository({ ...access(shared), store });
  const doneBytes: number[] = [];
  engine.events.on('disk-progress', (progress) => doneBytes.push(progress.doneBytes));
  const result = await engine
    .backup({
      source: mortal(world.open(), life, 'source'),
      repository: mortal(repository, life, 'repository'),
      machine: world.machine,
    })
    .catch((error: unknown) => {
      if (end === undefined) throw error;
      return undefined;
    });
  return result && { ...result, doneBytes };
}

const sizeOf = ({ shared }: Storage, prefix: string) =>
  [...shared.objects].reduce(
    (sum, [key, { bytes }]) => sum + (key.startsWith(prefix) ? bytes.byteLength : 0),
    0,
  );

const recordsOf = ({ shared }: Storage) =>
  [...shared.objects.keys()].filter((key) => key.startsWith('progress/')).length;

const codesOf = (result: { readonly findings: readonly { readonly code: string }[] } | undefined) =>
  result?.findings.map(({ code }) => code) ?? [];

async function expectPoint({ shared }: Storage, point: string | undefined, content: Uint8Array) {
  await using repository = await openObjectRepository(access(shared));
  const [only, ...others] = await collect(repository.points());
  expect(others).toEqual([]);
  expect(only?.id).toBe(point);
  const held = await pointBytes(repository, point ?? '', only?.disks[0]?.id ?? '');
  expect(Buffer.compare(held, content)).toBe(0);
  const findings = await collect(repository.verify({ depth: 'data' }));
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
}

describe.each(worlds)('a backup to object storage of $name', ({ create, ends }) => {
  const content = seededBytes(1, DISK_BYTES);

  it.each(ends)('goes on where the process %s, again and again', async (how) => {
    const random = seededRandom(testSeed());
    for (let round = 0; round < 2 * testScale(); round++) {
      await using world = await create(content);
      const storage = await createStorage();
      let resumed = 0;
      for (let process = 0; ; process++) {
        const saved = recordsOf(storage);
        const end = process < 3 ? { at: 6 + seededInteger(random, 5), how } : undefined;
        const result = await backUp(storage, world, end);
        if (result === undefined) continue;
        expect(codesOf(result)).toContain('point-resumed');
        expect(codesOf(result)).not.toContain('point-abandoned');
        expect(result.bytesRead).toBeLessThanOrEqual(DISK_BYTES - saved * STEP_BYTES);
        expect(result.doneBytes[0]).toBeGreaterThanOrEqual(saved * STEP_BYTES);
        expect(result.doneBytes.at(-1)).toBe(DISK_BYTES);
        resumed = saved;
        await expectPoint(storage, result.pointId, content);
        break;
      }
      expect(resumed).toBeGreaterThan(0);
      expect(recordsOf(storage)).toBe(0);
      expect(sizeOf(storage, 'packs/')).toBeLessThan(DISK_BYTES + 3 * LOST_BYTES);
    }
  });

  it('makes a new point when the disk was written to and the instant is gone, and mixes nothing', async () => {
    await using world = await create(content);
    const storage = await createStorage();
    await backUp(storage, world, { at: 9, how: 'dies' });
    const saved = recordsOf(storage);
    expect(saved).toBeGreaterThan(0);
    const before = sizeOf(storage, 'packs/');
    world.crash();
    await world.write(MIB, seededBytes(2, 4096));
    const result = await backUp(storage, world);
    await expectPoint(storage, result?.pointId, await world.bytes());
    expect(codesOf(result)).toContain('point-abandoned');
    expect(codesOf(result)).not.toContain('point-resumed');
    expect(result?.bytesRead).toBe(DISK_BYTES);
    // what is equal and was said to be stored is not sent again
    expect(sizeOf(storage, 'packs/') - before).toBeLessThan(DISK_BYTES - saved * STEP_BYTES + MIB);
  });
});

it('fails for an image that was replaced once it was open, and mixes nothing into the next point', async () => {
  const [content, other] = [seededBytes(1, DISK_BYTES), seededBytes(2, DISK_BYTES)];
  await using world = await imageWorld(content);
  const storage = await createStorage();
  await world.replaceOnceOpened(other);
  await expect(backUp(storage, world)).rejects.toMatchObject({ code: 'INSTANT_LOST' });
  expect(recordsOf(storage)).toBeGreaterThan(0);
  const result = await backUp(storage, world);
  await expectPoint(storage, result?.pointId, other);
  expect(codesOf(result)).toContain('point-abandoned');
  expect(codesOf(result)).not.toContain('point-resumed');
});
