import assert from 'node:assert/strict';
import { copyBlocks, systemServices } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { collect, seededInteger, seededRandom } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { createObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, type Interceptor, noObjects, type SharedObjects } from './memory-store.ts';
import {
  CHUNK_BYTES,
  chunkBytes,
  type DiskModel,
  draftOf,
  expectSample,
  type SamplePoint,
  sampleId,
} from './sample-disk.ts';

const MIB = 1024 * 1024;
const CHUNKS = 160;
const RUNS = 8 * Number(process.env.SENDENSE_TEST_SCALE ?? 1);
const GRACE_MS = 8 * 3600 * 1000;

const old: DiskModel = Array.from({ length: CHUNKS }, (_, index) => (index % 5 === 0 ? 0 : 1000 + index));
const now: DiskModel = old.map((seed, index) => (index % 3 === 0 ? 2000 + index : seed));
const full: SamplePoint = { stream: 's', sequence: 1, disk: old };
const increment: SamplePoint = {
  stream: 's',
  sequence: 2,
  disk: now,
  base: { id: sampleId(full), disk: old },
};

/** What every operation rejects with once the process is dead. */
class ProcessDied extends Error {}

/** Copies what changed of a sample disk by the engine's loop; gives the bytes that were read of the source. */
async function copy(shared: SharedObjects, point: SamplePoint, intercept?: Interceptor) {
  let readBytes = 0;
  const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
  await using repository = await openObjectRepository(
    { store: createMemoryStore(shared, intercept), key: testKey, progressBytes: MIB },
    { clock },
  );
  const { disk: model, base } = point;
  const extents = model.flatMap((seed, index) =>
    base !== undefined && base.disk[index] === seed
      ? []
      : [{ offset: index * CHUNK_BYTES, length: CHUNK_BYTES, kind: seed === 0 ? 'zero' : 'data' } as const],
  );
  const from = {
    sizeBytes: model.length * CHUNK_BYTES,
    limits: {
      alignmentBytes: CHUNK_BYTES,
      maxBytes: 4 * CHUNK_BYTES,
      maxInFlight: 1,
      order: 'random',
    } as const,
    async read(offset: number, into: Uint8Array) {
      readBytes += into.byteLength;
      for (let at = 0; at < into.byteLength; at += CHUNK_BYTES)
        into.set(chunkBytes(model[(offset + at) / CHUNK_BYTES] ?? 0), at);
    },
    async *extents() {
      yield* extents;
    },
    async [Symbol.asyncDispose]() {},
  };
  let isCommitted = false;
  try {
    await using writer = await repository.begin(draftOf(point), soloFence);
    const [to] = [...writer.disks.values()];
    assert.ok(to);
    const list = async function* () {
      yield* extents;
    };
    await copyBlocks({ from, to, extents: list(), clock: systemServices().clock, windowBytes: MIB });
    await to.flush();
    await writer.commit([]);
    isCommitted = true;
  } catch (error) {
    if (!(error instanceof ProcessDied) && intercept === undefined) throw error;
  }
  return { readBytes, isCommitted };
}

async function create(): Promise<SharedObjects> {
  const shared = noObjects();
  const store = createMemoryStore(shared);
  const options = { store, key: testKey, chunkBytes: CHUNK_BYTES, graceMs: GRACE_MS };
  await (await createObjectRepository(options))[Symbol.asyncDispose]();
  return shared;
}

/** A process that dies at its `at`-th operation that changes the store; to ask for its time changes nothing. */
function dyingAt(at: number): Interceptor {
  let changes = 0;
  return async ({ kind, key }, run) => {
    if ((kind === 'put' || kind === 'delete') && !key.startsWith('probe/')) changes += 1;
    if (changes >= at) throw new ProcessDied(`died at change ${at}`);
    run();
  };
}

const keysOf = ({ objects }: SharedObjects, prefix: string) =>
  [...objects.keys()].filter((key) => key.startsWith(prefix));

describe('a backup that was killed and goes on with the same ids', () => {
  it.each([
    ['a full', full, 24],
    ['an increment', increment, 10],
  ])(
    `reads nothing again that its progress says is stored, and is whole: %s, ${RUNS} moments`,
    async (_what, point, changes) => {
      const changed = point.disk.filter(
        (seed, index) => seed !== 0 && seed !== point.base?.disk[index],
      ).length;
      const allBytes = changed * CHUNK_BYTES;
      const before = await create();
      if (point.base !== undefined) await copy(before, full);
      let resumed = 0;
      for (let seed = 1; seed <= RUNS; seed += 1) {
        const shared = await create();
        if (point.base !== undefined) await copy(shared, full);
        const dead = await copy(shared, point, dyingAt(1 + seededInteger(seededRandom(seed), changes)));
        if (dead.isCommitted) continue;
        const isThere = keysOf(shared, 'points/').length === point.sequence; // it died after its commit
        const saved = keysOf(shared, 'progress/').length;
        const again = await copy(shared, point);
        // since the last record: what makes one due, and what one write holds
        const lostBytes = Math.max(0, dead.readBytes - saved * MIB);
        if (saved > 0 && !isThere) {
          resumed += 1;
          expect(again.readBytes, `seed ${seed}`).toBeLessThanOrEqual(allBytes - saved * MIB);
          expect(again.readBytes + dead.readBytes - allBytes).toBeLessThanOrEqual(lostBytes);
        } else expect(again.readBytes).toBe(allBytes);
        await using repository = await openObjectRepository({
          store: createMemoryStore(shared),
          key: testKey,
        });
        await expectSample(repository, sampleId(point), point.disk);
        expect(keysOf(shared, 'progress/')).toEqual([]);
        const findings = await collect(repository.verify({ depth: 'data' }));
        expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
      }
      process.stdout.write(`object repository: ${resumed} of ${RUNS} killed backups resumed\n`);
      expect(resumed).toBeGreaterThan(RUNS / 4);
    },
  );

  it('reads all again when prune has planned to delete what it stored, and is whole after the grace', async () => {
    const shared = await create();
    await copy(shared, full, dyingAt(7));
    expect(keysOf(shared, 'progress/').length).toBeGreaterThan(0);
    const prune = async () => {
      const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
      await using repository = await openObjectRepository(
        { store: createMemoryStore(shared), key: testKey },
        { clock },
      );
      await repository.maintenance.prune({ last: 1 });
    };
    await prune();
    const { readBytes } = await copy(shared, full);
    expect(readBytes).toBe(old.filter((seed) => seed !== 0).length * CHUNK_BYTES);
    for (let round = 0; round < 2; round += 1) {
      shared.nowMs += GRACE_MS;
      await prune();
    }
    await using repository = await openObjectRepository({ store: createMemoryStore(shared), key: testKey });
    await expectSample(repository, sampleId(full), old);
  });
});
