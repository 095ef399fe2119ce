import type { ChangeState } from '@sendense/core';
import { systemServices } from '@sendense/core';
import type { DiskContent, MemoryMachine } from '@sendense/testkit';
import { createTestFence } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import type { BackupType } from '../src/index.ts';
import { createEngine } from '../src/index.ts';
import { type Cut, Life, mortal } from './mortal.ts';
import { addMachine, createWorld, filled, KIB, MIB, pointBytes, startProcess, type World } from './world.ts';

/** What the disks were at each instant that a source froze. */
type Truth = Map<string, ReadonlyMap<string, DiskContent>>;

type Scenario = {
  readonly world: World;
  readonly machine: MemoryMachine;
  readonly truth: Truth;
  writes: number;
};

function createScenario(): Scenario {
  const world = createWorld();
  return { world, machine: addMachine(world, 'vm', [MIB, 512 * KIB]), truth: new Map(), writes: 0 };
}

/** The guest writes somewhere else each time: a block lost between two runs is never covered up by the next. */
function guestWrites(scenario: Scenario): void {
  for (const disk of scenario.machine.disks) {
    scenario.writes++;
    const slots = disk.sizeBytes / (64 * KIB);
    const slot = (scenario.writes * 5) % slots;
    if (scenario.writes % 7 === 0) disk.zero(slot * 64 * KIB, 64 * KIB);
    else disk.write(slot * 64 * KIB + 512, filled(4 * KIB, scenario.writes));
  }
}

/** One process: backs up once, dies where it is told to. Returns its life and the result, if it got that far. */
async function runProcess(scenario: Scenario, type: BackupType = 'auto', cut?: Cut) {
  const { world, truth, machine } = scenario;
  world.store.crash();
  world.clock.advance(60_000);
  const life = new Life(cut);
  const process = await startProcess(world);
  const remembering = {
    ...process.source,
    async capture(...args: Parameters<typeof process.source.capture>) {
      const capture = await process.source.capture(...args);
      if (!truth.has(capture.instant.id))
        truth.set(capture.instant.id, new Map(machine.disks.map((disk) => [disk.id, disk.freeze()])));
      return capture;
    },
  };
  const engine = createEngine({
    journal: mortal(process.journal, life, 'journal'),
    services: systemServices({ clock: world.clock }),
    fence: createTestFence(),
  });
  engine.events.on('disk-start', () => !life.dead && guestWrites(scenario));
  const request = {
    source: mortal(remembering, life, 'source'),
    repository: mortal(process.repository, life, 'repository'),
    machine: machine.ref,
    type,
    parallelDisks: 1,
  };
  const outcome = await engine.backup(request).then(
    (result) => ({ result, error: undefined }),
    (error: unknown) => ({ result: undefined, error }),
  );
  return { life, ...outcome, process };
}

/** Every committed point is, byte for byte, what the disks were at its instant. */
async function checkPoints({ world, truth }: Scenario): Promise<number> {
  const { repository } = await startProcess(world);
  let points = 0;
  for await (const point of repository.points()) {
    points++;
    for (const disk of point.disks) {
      const expected = truth.get(point.instant)?.get(disk.id)?.bytes();
      expect(
        Buffer.compare(await pointBytes(repository, point.id, disk.id), expected ?? new Uint8Array()),
      ).toBe(0);
    }
  }
  return points;
}

/** After reconciling, the platform holds exactly the baselines that the journal names. */
async function checkLeftovers(scenario: Scenario): Promise<void> {
  const { engine, source, repository, target } = await startProcess(scenario.world);
  await engine.reconcile({ sources: [source], targets: [target], repositories: [repository], graceMs: 0 });
  const states = [...scenario.world.journal.entries.values()].flatMap(
    ({ value }) => (value as unknown as { states?: ChangeState[] }).states ?? [],
  );
  const bitmaps = states.map((state) => `bitmap ${(state.data as { bitmap: string }).bitmap}`);
  expect(scenario.world.hypervisor.objects()).toEqual([...new Set(bitmaps)].sort());
}

/** Runs the life of a stream with one cut; returns how much more than needed the run after the cut read. */
async function cutOnce(before: readonly BackupType[], type: BackupType, cut: Cut) {
  const scenario = createScenario();
  for (const earlier of before) {
    expect((await runProcess(scenario, earlier)).error).toBeUndefined();
    guestWrites(scenario);
  }
  const died = await runProcess(scenario, type, cut);
  if (!died.life.dead) return { alive: true, redundantFulls: 0, committed: true, call: '' };
  guestWrites(scenario);
  const committed = (await checkPoints(scenario)) > before.length;
  const next = await runProcess(scenario);
  expect(next.error).toBeUndefined();
  guestWrites(scenario);
  const last = await runProcess(scenario, type === 'full' ? 'auto' : type);
  expect(last.error).toBeUndefined();
  await checkPoints(scenario);
  await checkLeftovers(scenario);
  const hadPoint = committed || before.length > 0;
  expect(last.result?.kind === 'full').toBe(false);
  return {
    alive: false,
    committed,
    call: died.life.calls.at(-1) ?? '',
    redundantFulls: hadPoint && next.result?.kind === 'full' ? 1 : 0,
  };
}

describe('a backup that is killed at any contract call', () => {
  const histories: readonly (readonly [string, readonly BackupType[], BackupType])[] = [
    ['the first full', [], 'auto'],
    ['an increment', ['auto'], 'auto'],
    ['an increment after an increment', ['auto', 'auto'], 'incremental'],
    ['a differential', ['full', 'auto'], 'differential'],
    ['a second full', ['auto'], 'full'],
  ];
  it.each(histories)('misses nothing afterwards: %s', { timeout: 120_000 }, async (name, before, type) => {
    let cuts = 0;
    let fulls = 0;
    let afterPoint = 0;
    for (const moment of ['before', 'after'] as const) {
      for (let call = 1; ; call++) {
        const run = await cutOnce(before, type, { call, moment });
        if (run.alive) break;
        cuts++;
        fulls += run.redundantFulls;
        if (!run.committed) continue;
        afterPoint++;
        expect(run.redundantFulls, `cut ${moment} ${run.call}`).toBe(0);
      }
    }
    console.info(`${name}: ${cuts} cuts, ${afterPoint} of them after the point, ${fulls} redundant fulls`);
    expect(cuts).toBeGreaterThan(40);
    expect(afterPoint).toBeGreaterThan(4);
  });
});
