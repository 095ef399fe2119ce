import { describe, expect, it } from 'vitest';
import { addMachine, createWorld, startProcess } from './world.ts';

async function start(quiesces: 'application' | 'filesystem' | 'crash' = 'crash') {
  const world = createWorld();
  addMachine(world);
  const machine = world.hypervisor.addMachine({ name: 'vm2', disks: [1024 * 1024], quiesces });
  const process = await startProcess(world);
  const calls: string[] = [];
  const request = { source: process.source, repository: process.repository, machine: machine.ref };
  const note = (name: string) => async (): Promise<void> => {
    calls.push(name);
  };
  return { world, ...process, request, calls, note };
}

describe('consistency', () => {
  it('reports what was obtained when less than wanted is accepted', async () => {
    const { engine, request } = await start('filesystem');
    const result = await engine.backup({ ...request, consistency: { want: 'application', accept: 'crash' } });
    expect(result.consistency).toBe('filesystem');
    expect(result.findings.map((finding) => finding.code)).toContain('consistency-weakened');
  });

  it('refuses less than is accepted', async () => {
    const { engine, request, world } = await start('crash');
    const refused = engine.backup({ ...request, consistency: { want: 'filesystem' } });
    await expect(refused).rejects.toMatchObject({ code: 'QUIESCE_FAILED' });
    expect(world.hypervisor.objects()).toEqual([]);
  });
});

describe('freeze hooks', () => {
  it('run around the capture, and what they vouch for is the consistency of the point', async () => {
    const { engine, request, calls, note } = await start();
    engine.events.on('disk-start', () => calls.push('copy'));
    const hooks = { preFreeze: note('freeze'), postFreeze: note('thaw'), gives: 'application' } as const;
    const result = await engine.backup({ ...request, hooks, consistency: { want: 'application' } });
    expect(calls).toEqual(['freeze', 'thaw', 'copy']);
    expect(result).toMatchObject({ consistency: 'application', findings: [] });
  });

  it('hold until the seal where the source reads the live disk', async () => {
    const { engine, request, calls, note } = await start();
    engine.events.on('disk-start', () => calls.push('copy'));
    const hooks = { preFreeze: note('freeze'), postFreeze: note('thaw'), releaseAfter: 'seal' } as const;
    await engine.backup({ ...request, hooks });
    expect(calls).toEqual(['freeze', 'copy', 'thaw']);
  });

  it('fail the backup when they fail, and thaw all the same', async () => {
    const { engine, request, calls, note, world } = await start();
    const preFreeze = () => Promise.reject(new Error('the database did not stop'));
    const failed = engine.backup({ ...request, hooks: { preFreeze, postFreeze: note('thaw') } });
    await expect(failed).rejects.toMatchObject({
      code: 'QUIESCE_FAILED',
      message: expect.stringContaining('the database did not stop') as string,
    });
    expect(calls).toEqual(['thaw']);
    expect(world.hypervisor.objects()).toEqual([]);
  });

  it('weaken the backup when that is the policy, and say so', async () => {
    const { engine, request } = await start();
    const preFreeze = () => Promise.reject(new Error('the database did not stop'));
    const hooks = { preFreeze, gives: 'application', onFailure: 'weaken' } as const;
    const consistency = { want: 'application', accept: 'crash' } as const;
    const result = await engine.backup({ ...request, hooks, consistency });
    expect(result.consistency).toBe('crash');
    expect(result.findings.map((finding) => finding.code)).toContain('hook-failed');
  });

  it('thaw when the capture fails, once', async () => {
    const { engine, request, calls, note, source } = await start();
    const broken = { ...source, capture: () => Promise.reject(new Error('no snapshot')) };
    const hooks = { preFreeze: note('freeze'), postFreeze: note('thaw') };
    await expect(engine.backup({ ...request, source: broken, hooks })).rejects.toThrow('no snapshot');
    expect(calls).toEqual(['freeze', 'thaw']);
  });
});
