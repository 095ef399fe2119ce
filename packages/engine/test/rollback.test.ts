import { type JobId, type Keep, type RestoreRun, SendenseError, type TargetConnector } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { addMachine, createWorld, MIB, startProcess } from './world.ts';

const job = { jobId: 'cut-off' as JobId };

const unreachable = () =>
  new SendenseError('NOT_FOUND', 'the name vcenter.example has no address', { operation: 'connect' });

/** A restore whose commit failed, and a target whose calls a test may change. */
async function failedRestore() {
  const world = createWorld();
  const machine = addMachine(world, 'vm', [MIB]);
  const { engine, source, repository, target } = await startProcess(world);
  const { pointId: point } = await engine.backup({ source, repository, machine: machine.ref });
  const refusing: TargetConnector = {
    ...target,
    async begin(...args) {
      const writer = await target.begin(...args);
      writer.commit = async () => {
        throw new SendenseError('NO_SPACE', 'the datastore is full', { operation: 'commit-restore' });
      };
      return writer;
    },
  };
  const failing = engine.restore({ repository, point, target: refusing, overwrite: true, ...job });
  await expect(failing).rejects.toMatchObject({ code: 'NO_SPACE' });
  return { world, engine, repository, target };
}

/** What the engine gives to `reconcile`. */
async function keptBy({ engine, target }: Awaited<ReturnType<typeof failedRestore>>): Promise<Keep> {
  const kept: Keep[] = [];
  const reconcile: typeof target.reconcile = async (keep) => {
    kept.push(keep);
    return { removed: [], findings: [] };
  };
  await engine.reconcile({ targets: [{ ...target, reconcile }] });
  const [keep] = kept;
  if (keep === undefined) throw new Error('nothing was reconciled');
  return keep;
}

describe('a rollback', () => {
  it('that does not reach its target fails, and the plan stays known', async () => {
    const scene = await failedRestore();
    const { engine, repository, target, world } = scene;
    const unreached = { ...target, begin: () => Promise.reject(unreachable()) };
    const rollback = engine.rollbackRestore({ ...job, repository, target: unreached });
    await expect(rollback).rejects.toMatchObject({ code: 'NOT_FOUND', operation: 'connect' });
    expect((await engine.restoreStatus(job.jobId)).state).toBe('failed');
    expect((await keptBy(scene)).restores).toHaveLength(1);
    expect(world.hypervisor.volumes.size).toBe(1);
    const again = await engine.rollbackRestore({ ...job, repository, target });
    expect(again).toMatchObject({ removed: [expect.stringContaining('disk-0')], undone: true });
    expect((await engine.restoreStatus(job.jobId)).state).toBe('rolled-back');
    expect((await keptBy(scene)).restores).toEqual([]);
  });

  it('is done when the target was reached and holds nothing of the restore', async () => {
    const { engine, repository, target, world } = await failedRestore();
    world.hypervisor.volumes.clear();
    const rollback = engine.rollbackRestore({ ...job, repository, target });
    expect(await rollback).toEqual({ removed: [], findings: [], undone: true });
    expect((await engine.restoreStatus(job.jobId)).state).toBe('rolled-back');
  });

  it('that leaves what the restore made leaves its outcome too, and the plan stays known', async () => {
    const scene = await failedRestore();
    const { engine, repository, target } = scene;
    const stays = {
      severity: 'warning',
      code: 'restored-machine-stays',
      message: 'the machine stays',
    } as const;
    const keeping: TargetConnector = {
      ...target,
      async begin(...args) {
        const writer = await target.begin(...args);
        writer.rollback = async () => ({ removed: [], findings: [stays], undone: false });
        return writer;
      },
    };
    const result = await engine.rollbackRestore({ ...job, repository, target: keeping });
    expect(result).toEqual({ removed: [], findings: [stays], undone: false });
    expect((await engine.restoreStatus(job.jobId)).state).toBe('failed');
    expect((await keptBy(scene)).restores).toHaveLength(1);
    // what stays can be completed
    await engine.resumeRestore({ ...job, repository, target });
    expect((await engine.restoreStatus(job.jobId)).state).toBe('completed');
  });
});

describe('a resumed restore', () => {
  it('whose target cannot be found once goes on with what it saved when it is found again', async () => {
    const { engine, repository, target } = await failedRestore();
    const runs: RestoreRun[] = [];
    const found: TargetConnector = {
      ...target,
      begin: (plan, run, call) => {
        runs.push(run);
        return runs.length === 1 ? Promise.reject(unreachable()) : target.begin(plan, run, call);
      },
    };
    const resumed = engine.resumeRestore({ ...job, repository, target: found });
    await expect(resumed).rejects.toMatchObject({ code: 'NOT_FOUND', operation: 'connect' });
    const { findings } = await engine.resumeRestore({ ...job, repository, target: found });
    expect(findings.map(({ code }) => code)).not.toContain('restore-restarted');
    expect(runs).toHaveLength(2);
    expect(runs[1]?.resume).toEqual(runs[0]?.resume);
    expect(runs[0]?.resume).toBeDefined();
  });

  it('of which the target says that nothing is left starts over, and tells it', async () => {
    const { engine, repository, target, world } = await failedRestore();
    world.hypervisor.volumes.clear();
    const { findings, verified } = await engine.resumeRestore({ ...job, repository, target });
    expect(findings).toContainEqual(expect.objectContaining({ code: 'restore-restarted', severity: 'info' }));
    expect(verified).toBe(true);
  });
});
