import {
  type PointId,
  type RecoveryPoint,
  type Repository,
  repositoryId,
  systemServices,
} from '@sendense/core';
import {
  collect,
  createMemoryJournal,
  createMemoryRepository,
  createTestFence,
  type JournalStorage,
  type MemoryMachine,
  type MemoryRepositoryOptions,
  MemoryStore,
} from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { createEngine, type EngineEventMap } from '../src/index.ts';
import { type Cut, Life, mortal } from './mortal.ts';
import { addMachine, createWorld, filled, KIB, pointBytes, startProcess, type World } from './world.ts';

type Scenario = { readonly world: World; readonly machine: MemoryMachine; readonly away: MemoryStore };

const openAway = (away: MemoryStore, options: Partial<MemoryRepositoryOptions> = {}) =>
  createMemoryRepository({ store: away, id: repositoryId('repo-away'), ...options });

/** Points of a machine with two disks; the first is a full. */
async function createScenario(
  types: readonly ('auto' | 'differential')[] = ['auto', 'auto', 'differential'],
): Promise<Scenario> {
  const world = createWorld();
  const machine = addMachine(world, 'vm', [192 * KIB, 128 * KIB]);
  const scenario = { world, machine, away: new MemoryStore() };
  for (const type of types) await addPoint(scenario, type);
  return scenario;
}

async function addPoint({ world, machine }: Scenario, type: 'auto' | 'differential' = 'auto') {
  const { engine, source, repository } = await startProcess(world);
  const minute = world.clock.monotonicMs() / 60_000;
  for (const disk of machine.disks) disk.write((minute % 2) * 64 * KIB + 512, filled(8 * KIB, minute + 1));
  world.clock.advance(60_000);
  return engine.backup({ source, repository, machine: machine.ref, type });
}

/** What must be the same in both repositories. */
const essence = ({
  id,
  instant,
  at,
  kind,
  parentId,
  sequence,
  stream,
  disks,
  states,
  held,
}: RecoveryPoint) => ({
  id,
  instant,
  at,
  kind,
  parentId,
  sequence,
  stream,
  states,
  held,
  disks: disks.map(({ id: disk, base, sizeBytes, reason }) => ({ disk, base, sizeBytes, reason })),
});

async function expectSamePoints(from: Repository, to: Repository): Promise<void> {
  const [originals, copies] = [await collect(from.points()), await collect(to.points())];
  expect(copies.map(essence)).toEqual(originals.map(essence));
  await expectSameBytes(from, to, copies);
}

async function expectSameBytes(from: Repository, to: Repository, points: readonly RecoveryPoint[]) {
  for (const { id, disks } of points)
    for (const { id: disk } of disks) {
      const [copy, original] = [await pointBytes(to, id, disk), await pointBytes(from, id, disk)];
      expect(Buffer.compare(copy, original), `disk ${disk} of ${id}`).toBe(0);
    }
}

/** One full, and an empty repository to copy it to. */
async function createFull() {
  const scenario = await createScenario(['auto']);
  const { engine, repository: from } = await startProcess(scenario.world);
  const [full] = await collect(from.points());
  if (full === undefined) throw new Error('there is no point');
  return { scenario, engine, from, to: await openAway(scenario.away), full };
}

/** A repository that gives back other bytes for `points` than were stored. */
function lyingAbout(to: Repository, points: readonly RecoveryPoint[]): Repository {
  return {
    ...to,
    async open(id, options) {
      const reader = await to.open(id, options);
      if (!points.some((point) => point.id === id)) return reader;
      const disks = reader.disks.map((disk) => ({
        ...disk,
        reader: {
          ...disk.reader,
          sizeBytes: disk.reader.sizeBytes,
          limits: disk.reader.limits,
          extents: disk.reader.extents.bind(disk.reader),
          async read(offset: number, into: Uint8Array) {
            await disk.reader.read(offset, into);
            into[5] = (into[5] ?? 0) ^ 1;
          },
          [Symbol.asyncDispose]: () => disk.reader[Symbol.asyncDispose](),
        },
      }));
      return { ...reader, disks, [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose]() };
    },
  };
}

describe('copying points', () => {
  it('gives another repository the same points: kinds, parents, states and bytes', async () => {
    const { world, away } = await createScenario();
    const { engine, repository: from } = await startProcess(world);
    const to = await openAway(away);
    const result = await engine.copy({ from, to });
    const points = await collect(from.points());
    expect(result).toMatchObject({ skipped: [], failed: [], verified: true });
    expect(result.copied).toEqual(points.map(({ id }) => id));
    expect(points.map(({ kind }) => kind)).toEqual(['full', 'incremental', 'differential']);
    await expectSamePoints(from, to);
  });

  it('copies only what is new the next time, and reads only its changes', async () => {
    const scenario = await createScenario();
    const { engine, repository: from } = await startProcess(scenario.world);
    const to = await openAway(scenario.away);
    const first = await engine.copy({ from, to });
    expect(await engine.copy({ from, to })).toMatchObject({
      copied: [],
      skipped: first.copied,
      bytesRead: 0,
      bytesStored: 0,
    });
    const { pointId, changedBytes } = await addPoint(scenario);
    const next = await engine.copy({ from, to });
    expect(next).toMatchObject({ copied: [pointId], skipped: first.copied, bytesRead: changedBytes });
    await expectSamePoints(from, to);
  });

  it('tells of its progress as one job that never goes back', async () => {
    const { world, away } = await createScenario();
    const { engine, repository: from } = await startProcess(world);
    const percents: number[] = [];
    const ends: EngineEventMap['job-end'][] = [];
    engine.events.on('job-progress', ({ percent }) => percents.push(percent));
    engine.events.on('job-end', (event) => ends.push(event));
    await engine.copy({ from, to: await openAway(away) });
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(percents.length).toBeGreaterThan(3);
    expect(ends).toMatchObject([{ verb: 'copy', outcome: 'completed' }]);
  });

  it('copies one point alone as a full, says so, and passes over what is older from then on', async () => {
    const { world, away } = await createScenario();
    const { engine, repository: from } = await startProcess(world);
    const to = await openAway(away);
    const [full, increment, differential] = await collect(from.points());
    const alone = await engine.copy({ from, to, points: [increment?.id as PointId] });
    expect(alone.copied).toEqual([increment?.id]);
    expect(alone.findings).toContainEqual(
      expect.objectContaining({ severity: 'warning', code: 'full-instead-of-incremental' }),
    );
    expect(await collect(to.points())).toMatchObject([{ kind: 'full', parentId: null }]);
    const rest = await engine.copy({ from, to });
    expect(rest).toMatchObject({ copied: [differential?.id], skipped: [increment?.id, full?.id] });
    expect(rest.findings).toContainEqual(expect.objectContaining({ code: 'points-passed-over' }));
    await expectSameBytes(from, to, await collect(to.points()));
  });

  it('builds on the nearest ancestor that both hold where the parent was never copied', async () => {
    const scenario = await createScenario();
    const { engine, repository: from } = await startProcess(scenario.world);
    const to = await openAway(scenario.away);
    const [full] = await collect(from.points());
    const { pointId } = await addPoint(scenario);
    await engine.copy({ from, to, points: [full?.id as PointId] });
    await engine.copy({ from, to, points: [pointId] });
    expect(await collect(to.points())).toMatchObject([{ id: full?.id }, { id: pointId, parentId: full?.id }]);
    await expectSameBytes(from, to, await collect(to.points()));
  });

  it('stops at a point that cannot be read, goes on with other machines, and tells both', async () => {
    const scenario = await createScenario();
    const other = addMachine(scenario.world, 'other', [256 * KIB]);
    const { engine, source, repository } = await startProcess(scenario.world);
    await engine.backup({ source, repository, machine: other.ref });
    const points = (await collect(repository.points())).toSorted((a, b) => b.disks.length - a.disks.length);
    const broken: Repository = {
      ...repository,
      open: (id, options) =>
        id === points[1]?.id
          ? Promise.reject(new Error('the storage is gone'))
          : repository.open(id, options),
    };
    const to = await openAway(scenario.away);
    const result = await engine.copy({ from: broken, to });
    expect(result.failed).toMatchObject([{ point: points[1]?.id, error: { code: 'UNEXPECTED' } }]);
    expect(new Set(result.copied)).toEqual(new Set([points[0]?.id, points[3]?.id]));
    expect(result.verified).toBe(false);
  });

  it('finds a copy that differs, and finds it again until it is made anew', async () => {
    const { world, away } = await createScenario();
    const { engine, repository: from } = await startProcess(world);
    const to = await openAway(away);
    const lying = lyingAbout(to, await collect(from.points()));
    for (let run = 0; run < 2; run++)
      await expect(engine.copy({ from, to: lying })).rejects.toMatchObject({
        code: 'CORRUPT',
        remedy: expect.stringContaining('delete the copy') as string,
      });
    expect(await engine.copy({ from, to })).toMatchObject({ failed: [], verified: true });
    await expectSamePoints(from, to);
  });

  it('builds nothing on a copy that differs, verified or not, until it is deleted and made anew', async () => {
    const { scenario, engine, from, to, full } = await createFull();
    const lying = lyingAbout(to, [full]);
    await expect(engine.copy({ from, to: lying })).rejects.toMatchObject({ code: 'CORRUPT' });
    await addPoint(scenario);
    for (const verify of [true, false])
      await expect(engine.copy({ from, to: lying, verify })).rejects.toMatchObject({
        code: 'CORRUPT',
        message: expect.stringContaining(full.id) as string,
        remedy: expect.stringContaining('every later one of its machine') as string,
      });
    expect(await collect(to.points())).toMatchObject([{ id: full.id }]);
    await to.maintenance?.delete(full.id);
    expect(await engine.copy({ from, to })).toMatchObject({ skipped: [], failed: [], verified: true });
    await expectSamePoints(from, to);
  });

  it('reads back what was copied unverified before anything verified is built on it, asked for or not', async () => {
    const { scenario, engine, from, to, full } = await createFull();
    await engine.copy({ from, to, verify: false });
    const { pointId } = await addPoint(scenario);
    const lying = lyingAbout(to, [full]);
    await expect(engine.copy({ from, to: lying, points: [pointId] })).rejects.toMatchObject({
      code: 'CORRUPT',
      context: { point: full.id },
    });
    expect(await engine.copy({ from, to })).toMatchObject({ copied: [pointId], verified: true });
    await expectSamePoints(from, to);
  });

  it('says so as long as a copy that differs is there, with its original gone', async () => {
    const { scenario, engine, from, to, full } = await createFull();
    const lying = lyingAbout(to, [full]);
    await expect(engine.copy({ from, to: lying })).rejects.toMatchObject({ code: 'CORRUPT' });
    const { pointId } = await addPoint(scenario);
    await from.maintenance?.delete(full.id);
    const result = await engine.copy({ from, to });
    expect(result.copied).toEqual([pointId]);
    expect(result.findings).toContainEqual(
      expect.objectContaining({ severity: 'error', code: 'copy-corrupt', point: full.id }),
    );
    expect(await collect(to.points())).toMatchObject([{ id: full.id }, { id: pointId, kind: 'full' }]);
  });

  it('says once a run, for all, which copies were never read back once their originals are gone', async () => {
    const { scenario, engine, from, to, full } = await createFull();
    await addPoint(scenario);
    await engine.copy({ from, to, verify: false });
    await addPoint(scenario);
    const [, second] = await collect(from.points());
    for (const id of [second?.id, full.id]) if (id !== undefined) await from.maintenance?.delete(id);
    const unread = async () =>
      (await engine.copy({ from, to })).findings.filter(({ code }) => code === 'copy-unverified');
    expect(await unread()).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('2 copies') as string },
    ]);
    await to.maintenance?.delete(full.id);
    expect(await unread()).toMatchObject([{ severity: 'warning', point: second?.id }]);
  });

  it('says nothing of copies from another repository, whose originals it does not know', async () => {
    const { engine, from, to, full } = await createFull();
    const elsewhere = await createMemoryRepository({ store: new MemoryStore(), id: repositoryId('repo-2') });
    await engine.copy({ from, to, verify: false });
    expect((await engine.copy({ from: elsewhere, to })).findings).toEqual([]);
    await expect(engine.copy({ from, to: lyingAbout(to, [full]) })).rejects.toMatchObject({
      code: 'CORRUPT',
    });
    expect((await engine.copy({ from: elsewhere, to })).findings).toEqual([]);
  });

  it('tells every failure where nothing could be copied, the worst of them too', async () => {
    const scenario = await createScenario(['auto']);
    const other = addMachine(scenario.world, 'other', [256 * KIB]);
    const { engine, source, repository } = await startProcess(scenario.world);
    await engine.backup({ source, repository, machine: other.ref });
    const [first, second] = await collect(repository.points());
    const gone: Repository = {
      ...repository,
      open: (id, options) =>
        id === first?.id ? Promise.reject(new Error('unreachable')) : repository.open(id, options),
    };
    const away = await openAway(scenario.away);
    const result = await engine.copy({ from: gone, to: lyingAbout(away, second ? [second] : []) });
    expect(result).toMatchObject({ copied: [], verified: false });
    expect(result.failed).toMatchObject([
      { point: first?.id, error: { code: 'UNEXPECTED' } },
      { point: second?.id, error: { code: 'CORRUPT' } },
    ]);
  });

  it('pins a copy in the next run where the destination would not', async () => {
    const { engine, from, to, full } = await createFull();
    await from.maintenance?.annotate?.(full.id, { held: true });
    const refusing = { ...to, ...(to.maintenance && { maintenance: { ...to.maintenance } }) };
    if (refusing.maintenance)
      refusing.maintenance.annotate = () => Promise.reject(new Error('the storage is gone'));
    await expect(engine.copy({ from, to: refusing })).rejects.toMatchObject({ code: 'UNEXPECTED' });
    expect(await engine.copy({ from, to })).toMatchObject({ skipped: [full.id], failed: [] });
    expect(await collect(to.points())).toMatchObject([{ held: true }]);
  });

  it('keeps a pin where the destination has pins, and says when it was not read back', async () => {
    const { world, away } = await createScenario();
    const { engine, repository: from } = await startProcess(world);
    const [full] = await collect(from.points());
    await from.maintenance?.annotate?.(full?.id as PointId, { held: true });
    const to = await openAway(away);
    const result = await engine.copy({ from, to, verify: false });
    expect(result.verified).toBe(false);
    expect(result.findings).toContainEqual(expect.objectContaining({ code: 'verify-skipped' }));
    expect(await collect(to.points())).toMatchObject([{ held: true }, { held: false }, { held: false }]);
  });

  it('refuses the same repository twice, and a point that is not there', async () => {
    const { world, away } = await createScenario();
    const { engine, repository: from } = await startProcess(world);
    await expect(engine.copy({ from, to: from })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const to = await openAway(away);
    await expect(engine.copy({ from, to, points: ['nope' as PointId] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

/** One process that copies and dies where it is told to. */
async function runProcess({ world, away }: Scenario, storage: JournalStorage, cut?: Cut) {
  away.crash();
  const life = new Life(cut);
  const { repository: from } = await startProcess(world);
  const to = await openAway(away);
  const engine = createEngine({
    journal: mortal(createMemoryJournal(storage), life, 'journal'),
    services: systemServices({ clock: world.clock }),
    fence: createTestFence(),
  });
  const request = { from: mortal(from, life, 'from'), to: mortal(to, life, 'to'), parallelDisks: 1 };
  const result = await engine.copy(request).catch(() => undefined);
  return { calls: life.calls, result, from, to };
}

const noJournal = (): JournalStorage => ({ entries: new Map(), revision: 0 });

it('a copy that dies before or after any call leaves only whole points, and the next one makes up for it', async () => {
  const scenario = await createScenario(['auto', 'auto']);
  const { repository } = await startProcess(scenario.world);
  const [full] = await collect(repository.points());
  await repository.maintenance?.annotate?.(full?.id as PointId, { held: true });
  const { calls } = await runProcess(scenario, noJournal());
  let cuts = 0;
  for (let call = 1; call <= calls.length; call++) {
    for (const moment of ['before', 'after'] as const) {
      const [away, journal] = [new MemoryStore(), noJournal()];
      const died = await runProcess({ ...scenario, away }, journal, { call, moment });
      away.crash();
      const left = await openAway(away);
      await expectSameBytes(died.from, left, await collect(left.points()));
      const { result, from, to } = await runProcess({ ...scenario, away }, journal);
      const where = `after a cut ${moment} call ${call}, ${calls[call - 1]}`;
      expect(result, where).toMatchObject({ failed: [], verified: true });
      await expectSamePoints(from, to);
      expect([...journal.entries.keys()], where).toEqual([]);
      cuts += 1;
    }
  }
  console.info(`a copy of two points has ${calls.length} calls; ${cuts} cuts`);
}, 120_000);
