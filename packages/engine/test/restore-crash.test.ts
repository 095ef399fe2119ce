import { jobId, systemServices } from '@sendense/core';
import { createTestFence, MemoryHypervisor } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../src/index.ts';
import { type Cut, Life, mortal } from './mortal.ts';
import { addMachine, createWorld, filled, KIB, MIB, startProcess, type World } from './world.ts';

const JOB = jobId('job-1');

/** A repository with a point of two disks, and an empty platform to restore to. */
async function createScenario() {
  const origin = createWorld();
  const machine = addMachine(origin, 'vm', [2 * MIB, 512 * KIB]);
  machine.disk().write(MIB, filled(200 * KIB, 9));
  const { engine, source, repository } = await startProcess(origin);
  const { pointId } = await engine.backup({ source, repository, machine: machine.ref });
  const expected = machine.disks.map((disk) => disk.freeze().bytes());
  const world: World = {
    ...origin,
    hypervisor: new MemoryHypervisor(),
    journal: { entries: new Map(), revision: 0 },
  };
  return { world, pointId, expected };
}

type Scenario = Awaited<ReturnType<typeof createScenario>>;

async function startMortal(scenario: Scenario, cut?: Cut) {
  const { world } = scenario;
  const life = new Life(cut);
  const process = await startProcess(world);
  const engine = createEngine({
    journal: mortal(process.journal, life, 'journal'),
    services: systemServices({ clock: world.clock }),
    fence: createTestFence(),
  });
  const repository = mortal(process.repository, life, 'repository');
  const target = mortal(process.target, life, 'target');
  return { life, engine, repository, target };
}

async function restoreAndDie(scenario: Scenario, cut: Cut): Promise<boolean> {
  const { life, engine, repository, target } = await startMortal(scenario, cut);
  const request = { repository, target, point: scenario.pointId, jobId: JOB, parallelDisks: 1 };
  await engine.restore(request).catch(() => undefined);
  return life.dead;
}

function restoredBytes({ world }: Scenario): readonly Uint8Array[] {
  const made = [...world.hypervisor.machines.values()];
  expect(made).toHaveLength(1);
  return made.flatMap((machine) => machine.disks.map((disk) => disk.freeze().bytes()));
}

/** Every place where a restore can be cut. */
async function eachCut(check: (scenario: Scenario, cut: Cut) => Promise<void>): Promise<number> {
  let cuts = 0;
  for (const moment of ['before', 'after'] as const) {
    for (let call = 1; ; call++) {
      const scenario = await createScenario();
      if (!(await restoreAndDie(scenario, { call, moment }))) break;
      await check(scenario, { call, moment });
      cuts++;
    }
  }
  return cuts;
}

describe('a restore that is killed at any contract call', () => {
  it('is resumed by another process to the same bytes', { timeout: 120_000 }, async () => {
    let started = 0;
    const cuts = await eachCut(async (scenario, cut) => {
      const { engine, repository, target } = await startMortal(scenario);
      const status = await engine.restoreStatus(JOB).catch(() => undefined);
      if (status === undefined) return;
      started++;
      expect(status.state, `cut ${cut.moment} ${cut.call}`).toMatch(/interrupted|completed/);
      const result = await engine.resumeRestore({ jobId: JOB, repository, target });
      expect(result.verified).toBe(true);
      const bytes = restoredBytes(scenario);
      for (const [index, expected] of scenario.expected.entries())
        expect(Buffer.compare(bytes[index] ?? new Uint8Array(), expected)).toBe(0);
      expect(await engine.restoreStatus(JOB)).toMatchObject({ state: 'completed', percent: 100 });
    });
    console.info(`restore: ${cuts} cuts, resumed after ${started} of them`);
    expect(started).toBeGreaterThan(60);
  });

  it('is rolled back by another process without a trace', { timeout: 120_000 }, async () => {
    const cuts = await eachCut(async (scenario) => {
      const { engine, repository, target } = await startMortal(scenario);
      const status = await engine.restoreStatus(JOB).catch(() => undefined);
      if (status !== undefined) await engine.rollbackRestore({ jobId: JOB, repository, target });
      expect(scenario.world.hypervisor.objects()).toEqual([]);
      if (status === undefined) return;
      expect(await engine.restoreStatus(JOB)).toMatchObject({ state: 'rolled-back' });
    });
    console.info(`rollback: ${cuts} cuts`);
    expect(cuts).toBeGreaterThan(60);
  });
});
