import assert from 'node:assert/strict';
import { type LogRecord, type LogSink, SendenseError } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import type { TrustedHead } from '../src/head/trusted-head.ts';
import { type ObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { create, first, flip, GRACE_MS, keysOf, open as openUnseen } from './hurt-objects.ts';
import { testKey } from './keys.ts';
import { createMemoryHead, type KeptHeads } from './memory-head.ts';
import { createMemoryStore, type SharedObjects } from './memory-store.ts';
import { draftOf, expectSample, type SamplePoint, sampleId, writeDisk, writeSample } from './sample-disk.ts';

const DAY_MS = 24 * 3600 * 1000;
const second: SamplePoint = { stream: 'a', sequence: 2, disk: [4, 5, 6] };
const third: SamplePoint = { stream: 'a', sequence: 3, disk: [7, 8, 9] };

/** Opens the repository as the client that keeps this head. */
function open(
  shared: SharedObjects,
  kept: KeptHeads,
  log: LogSink = () => undefined,
  trustedHead: TrustedHead = createMemoryHead(kept),
): Promise<ObjectRepository> {
  const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
  return openObjectRepository(
    { store: createMemoryStore(shared), key: testKey, trustedHead },
    { clock, log },
  );
}

/** The client opens the repository and closes it. */
async function look(shared: SharedObjects, kept: KeptHeads): Promise<void> {
  await using _ = await open(shared, kept);
}

/** The client makes points. */
async function write(shared: SharedObjects, kept: KeptHeads, ...points: SamplePoint[]): Promise<void> {
  await using repository = await open(shared, kept);
  for (const point of points) await writeSample(repository, point);
}

/** All objects as they are now, to be put back later. */
const copyOf = (shared: SharedObjects): SharedObjects => ({ ...shared, objects: new Map(shared.objects) });

/** Fails unless the client refuses the store for this point. */
async function expectRefused(shared: SharedObjects, kept: KeptHeads, point: SamplePoint): Promise<void> {
  const before = structuredClone(kept);
  await expect(open(shared, kept)).rejects.toMatchObject({
    code: 'CORRUPT',
    message: expect.stringContaining(`point ${sampleId(point)}`) as string,
    remedy: expect.stringMatching(/delete memory of [-0-9a-f]{36}/) as string,
  });
  expect(kept).toEqual(before);
}

/** Another identity with the keys, which keeps no head. */
async function byAnother(
  shared: SharedObjects,
  run: (repository: ObjectRepository) => Promise<unknown>,
): Promise<void> {
  await using repository = await openUnseen(shared);
  await run(repository);
}

const deleted = (point: SamplePoint) => (repository: ObjectRepository) =>
  repository.maintenance.delete(sampleId(point));

describe('a store that was put back to an earlier state', () => {
  it('is refused by the client that made a point since, and opens once the head is deleted', async () => {
    const [shared, kept] = [await create(), new Map<string, string>()];
    await write(shared, kept, first);
    const earlier = copyOf(shared);
    await write(shared, kept, second);
    await expectRefused(earlier, kept, second);
    kept.clear();
    await using repository = await open(earlier, kept);
    await expectSample(repository, sampleId(first), first.disk);
  });

  it('is refused by a client that only saw the point that another one made', async () => {
    const [shared, kept] = [await create(), new Map<string, string>()];
    await byAnother(shared, (repository) => writeSample(repository, first));
    const earlier = copyOf(shared);
    await byAnother(shared, (repository) => writeSample(repository, second));
    await look(earlier, kept);
    await look(shared, kept);
    await expectRefused(earlier, kept, second);
  });

  it('is refused although somebody made the next point of the same number there', async () => {
    const [shared, kept] = [await create(), new Map<string, string>()];
    await write(shared, kept, first);
    const earlier = copyOf(shared);
    await write(shared, kept, second);
    await byAnother(earlier, (repository) => writeSample(repository, { ...second, disk: [9, 9, 9] }));
    await expectRefused(earlier, kept, second);
    await byAnother(earlier, (repository) => writeSample(repository, third));
    await expectRefused(earlier, kept, second);
  });

  it('is refused when all that was made since is of another stream, or all streams are gone', async () => {
    const [shared, kept] = [await create(), new Map<string, string>()];
    const empty = copyOf(shared);
    await write(shared, kept, first);
    const earlier = copyOf(shared);
    const other: SamplePoint = { ...first, stream: 'b' };
    await write(shared, kept, other);
    await expectRefused(earlier, kept, other);
    await expectRefused(empty, kept, first);
  });

  it('is refused when a point that was deleted and made again is gone, by the removal of the first one', async () => {
    const [shared, kept] = [await create(), new Map<string, string>()];
    await write(shared, kept, first, second);
    await byAnother(shared, deleted(second));
    await look(shared, kept);
    const earlier = copyOf(shared);
    await write(shared, kept, second);
    await expectRefused(earlier, kept, second);
  });

  it('is refused by the point that is begun then, and by each later opening', async () => {
    const [shared, kept] = [await create(), new Map<string, string>()];
    await write(shared, kept, first);
    const earlier = copyOf(shared);
    await write(shared, kept, second);
    await using repository = await open(shared, kept);
    await using writer = await repository.begin(draftOf(third), soloFence);
    await writeDisk(writer, third);
    shared.objects.clear();
    for (const [key, object] of earlier.objects) shared.objects.set(key, object);
    await writer.commit([]);
    const next = repository.begin(draftOf({ ...third, sequence: 4 }), soloFence);
    await expect(next).rejects.toMatchObject({ code: 'CORRUPT' });
    await expectRefused(shared, kept, second);
  });

  it('is told from one that lost its newest manifest to damage: that is named and the rest is restored', async () => {
    const [shared, kept] = [await create(), new Map<string, string>()];
    await write(shared, kept, first, second);
    const [, newest = ''] = keysOf(shared, 'points/').sort();
    flip(shared, newest);
    await using repository = await open(shared, kept);
    await expectSample(repository, sampleId(first), first.disk);
    const codes = (await collect(repository.verify({ depth: 'structure' }))).map(({ code }) => code);
    expect(codes).toContain('manifest-damaged');
    shared.objects.delete(newest);
    await expectRefused(shared, kept, second);
  });
});

describe('a point that a pruner removed', () => {
  it.each<[string, (repository: ObjectRepository) => Promise<unknown>, SamplePoint]>([
    ['by a policy', ({ maintenance }) => maintenance.prune({ last: 1 }), first],
    ['by its id', ({ maintenance }) => maintenance.delete(sampleId(second)), second],
  ])('%s is not missed by a client that knew it, whoever removed it', async (_how, remove, gone) => {
    const [shared, kept] = [await create(), new Map<string, string>()];
    await write(shared, kept, first);
    if (gone === second) await write(shared, kept, second);
    else await byAnother(shared, (repository) => writeSample(repository, second));
    const earlier = copyOf(shared);
    for (const key of keysOf(earlier, 'points/').sort().slice(-1)) earlier.objects.delete(key);
    await byAnother(shared, remove);
    await using repository = await open(shared, kept);
    const left = (await collect(repository.points())).map(({ id }) => id);
    expect(left).toEqual([first, second].filter((point) => point !== gone).map(sampleId));
    // by a policy the second one was seen at last, by its id the first one: only a state that hides that one is refused
    if (gone === first) await expectRefused(earlier, kept, second);
    else await look(earlier, kept);
  });

  it('makes room for the one before it, which is not forgotten', async () => {
    const [shared, kept] = [await create(), new Map<string, string>()];
    const empty = copyOf(shared);
    await write(shared, kept, first, second);
    await byAnother(shared, deleted(second));
    await look(shared, kept);
    await expectRefused(empty, kept, first);
  });

  it('is missed when somebody without the keys deleted its manifest, or a version that stores no removals', async () => {
    const [shared, kept] = [await create(), new Map<string, string>()];
    await write(shared, kept, first, second);
    const [, newest = ''] = keysOf(shared, 'points/').sort();
    shared.objects.delete(newest);
    await expectRefused(shared, kept, second);
  });

  it('is missed by a client that was away for longer than it is told, and that is what the error says', async () => {
    const [shared, kept] = [await create(), new Map<string, string>()];
    await write(shared, kept, first, second);
    await byAnother(shared, deleted(second));
    const removals = () => keysOf(shared, 'removed/').length;
    expect(removals()).toBe(1);
    shared.nowMs += 400 * DAY_MS;
    await byAnother(shared, ({ maintenance }) => maintenance.prune({ last: 1 }));
    expect(removals()).toBe(1);
    await look(shared, structuredClone(kept));
    shared.nowMs += DAY_MS;
    await byAnother(shared, ({ maintenance }) => maintenance.prune({ last: 1 }));
    expect(removals()).toBe(0);
    await expect(open(shared, kept)).rejects.toMatchObject({
      code: 'CORRUPT',
      message: expect.stringContaining('last here on 2026-01-01') as string,
    });
  });

  it('is not missed when the index was made again, or another key was put in the place of the old one', async () => {
    const [shared, kept] = [await create(), new Map<string, string>()];
    await write(shared, kept, first, second);
    await byAnother(shared, async ({ maintenance }) => {
      await maintenance.delete(sampleId(second));
      await maintenance.rebuildIndex();
      await maintenance.addKey(testKey);
      await maintenance.removeKey(keysOf(shared, 'keys/')[0]?.slice('keys/'.length) ?? assert.fail());
    });
    await look(shared, kept);
    await look(shared, kept);
  });
});

describe('a removal', () => {
  /** Deletes a point while it is noted in which order objects are put and deleted. */
  async function noted(shared: SharedObjects, run: (repository: ObjectRepository) => Promise<unknown>) {
    const steps: string[] = [];
    await using repository = await openUnseen(shared, async ({ kind, key }, operation) => {
      if (kind !== 'get' && /^(?:points|removed)\//.test(key)) steps.push(`${kind} ${key.split('/')[0]}`);
      operation();
    });
    await run(repository);
    return steps.filter((step) => !step.startsWith('list'));
  }

  it('is stored before the first manifest goes, once for all that one prune removes', async () => {
    const shared = await create();
    await byAnother(shared, async (repository) => {
      for (const point of [first, second, third]) await writeSample(repository, point);
    });
    expect(await noted(shared, ({ maintenance }) => maintenance.prune({ last: 1 }))).toEqual([
      'head points',
      'head points',
      'put removed',
      'delete points',
      'delete points',
    ]);
  });

  it('is stored for no point that object lock keeps', async () => {
    const shared: SharedObjects = { ...(await create()), retention: true };
    const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
    const options = { store: createMemoryStore(shared), key: testKey, retainMs: DAY_MS };
    await using repository = await openObjectRepository(options, { clock });
    await writeSample(repository, first);
    const deleting = repository.maintenance.delete(sampleId(first));
    await expect(deleting).rejects.toMatchObject({ code: 'IMMUTABLE' });
    expect(keysOf(shared, 'removed/')).toEqual([]);
    shared.nowMs += 2 * DAY_MS + GRACE_MS;
    await repository.maintenance.delete(sampleId(first));
    expect(keysOf(shared, 'removed/')).toHaveLength(1);
  });

  it('that is damaged is named by verify; who needs it is told so, and who does not is not kept', async () => {
    const [shared, kept] = [await create(), new Map<string, string>()];
    await write(shared, kept, first);
    const other = structuredClone(kept);
    await write(shared, kept, second);
    await byAnother(shared, deleted(second));
    const [removal = ''] = keysOf(shared, 'removed/');
    flip(shared, removal);
    await byAnother(shared, async (repository) => {
      const findings = await collect(repository.verify({ depth: 'structure' }));
      expect(findings.filter(({ severity }) => severity === 'error')).toEqual([
        expect.objectContaining({ code: 'removal-damaged', object: removal }),
      ]);
      await repository.maintenance.prune({ last: 1 });
    });
    await look(shared, other);
    const entries: LogRecord[] = [];
    await expect(open(shared, kept, (entry) => entries.push(entry))).rejects.toMatchObject({
      code: 'CORRUPT',
    });
    expect(entries).toContainEqual(expect.objectContaining({ level: 'warn', fields: { object: removal } }));
  });
});

describe('a head', () => {
  const KEY = `points/${'0'.repeat(32)}/${'0'.repeat(16)}`;
  const changed = (fields: object) => (head: string) => JSON.stringify({ ...JSON.parse(head), ...fields });

  it.each<[string, (head: string) => string, string]>([
    ['that is cut', (head) => head.slice(0, -4), 'CORRUPT'],
    ['of another repository', changed({ repository: 'another' }), 'CORRUPT'],
    [
      'with a point that can be none',
      changed({ points: [{ point: '/', key: KEY, manifest: '0'.repeat(32) }] }),
      'CORRUPT',
    ],
    ['of a newer version', changed({ version: 2 }), 'FORMAT_UNSUPPORTED'],
  ])('%s is refused by its name, and the store is closed', async (_what, by, code) => {
    const [shared, kept] = [await create(), new Map<string, string>()];
    await look(shared, kept);
    const [[id, head] = assert.fail()] = [...kept];
    kept.set(id, by(head));
    let closed = false;
    const store = {
      ...createMemoryStore(shared),
      [Symbol.asyncDispose]: async () => {
        closed = true;
      },
    };
    const opening = openObjectRepository({ store, key: testKey, trustedHead: createMemoryHead(kept) });
    await expect(opening).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`memory of ${id}`) as string,
    });
    expect(closed).toBe(true);
  });

  it('that cannot be saved is told, and keeps nobody from backing up and restoring', async () => {
    const [shared, kept] = [await create(), new Map<string, string>()];
    const entries: LogRecord[] = [];
    const full: TrustedHead = {
      ...createMemoryHead(kept),
      save: () => Promise.reject(new SendenseError('NO_SPACE', 'the disk is full', { operation: 'write' })),
    };
    await using repository = await open(shared, kept, (entry) => entries.push(entry), full);
    await writeSample(repository, first);
    await expectSample(repository, sampleId(first), first.disk);
    expect(entries.map(({ level, message }) => [level, message])).toEqual([
      ['warn', expect.stringContaining('the disk is full')],
      ['warn', expect.stringContaining('the disk is full')],
      ['warn', expect.stringContaining('the disk is full')],
    ]);
  });

  it('is neither mistaken for the store nor forgotten when another process commits while this one looks', async () => {
    const [shared, kept] = [await create(), new Map<string, string>()];
    const empty = copyOf(shared);
    let isWritten = false;
    const store = createMemoryStore(shared, async ({ kind, key }, run) => {
      run();
      if (isWritten || kind !== 'list' || key !== 'points/') return;
      isWritten = true; // what was listed just now lacks it
      await write(shared, kept, first);
    });
    await using _ = await openObjectRepository({ store, key: testKey, trustedHead: createMemoryHead(kept) });
    expect(isWritten).toBe(true);
    await expectRefused(empty, kept, first);
  });

  it('holds no name of a machine or stream, and one point for each stream', async () => {
    const [shared, kept] = [await create(), new Map<string, string>()];
    await write(shared, kept, first, second, third, { ...first, stream: 'b' });
    await look(shared, kept);
    const [head] = [...kept.values()];
    const { points } = JSON.parse(head ?? '') as { points: { point: string }[] };
    expect(points.map((known) => known.point).sort()).toEqual(['a-3', 'b-1']);
    expect(head).not.toMatch(/machine|stream/);
  });
});
