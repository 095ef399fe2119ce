import { describe, expect, it } from 'vitest';
import { addMachine, createWorld, filled, KIB, pointBytes, startProcess } from './world.ts';

describe('backup', () => {
  it('takes a full first and an increment of only what changed next', async () => {
    const world = createWorld();
    const machine = addMachine(world);
    const { engine, source, repository } = await startProcess(world);
    const request = { source, repository, machine: machine.ref };
    const full = await engine.backup(request);
    expect(full).toMatchObject({ kind: 'full', reason: 'first-backup', changedBytes: 128 * KIB });
    machine.disk().write(64 * KIB, filled(4096, 7));
    const truth = machine.disk().freeze().bytes();
    const next = await engine.backup(request);
    expect(next).toMatchObject({
      kind: 'incremental',
      reason: null,
      parentId: full.pointId,
      bytesRead: 64 * KIB,
    });
    expect(await pointBytes(repository, next.pointId, machine.disk().id)).toEqual(truth);
    expect(world.hypervisor.objects()).toHaveLength(2);
  });
});

describe('restore', () => {
  it('restores a point to a new machine and proves it by reading back', async () => {
    const world = createWorld();
    const machine = addMachine(world);
    const { engine, source, repository, target } = await startProcess(world);
    const { pointId } = await engine.backup({ source, repository, machine: machine.ref });
    const result = await engine.restore({ repository, point: pointId, target, overwrite: true });
    expect(result).toMatchObject({ verified: true, bytesWritten: 128 * KIB });
    const restored = world.hypervisor.machine(result.machine ?? machine.ref);
    expect(restored.disk().freeze().bytes()).toEqual(machine.disk().freeze().bytes());
    expect(await engine.restoreStatus(result.jobId)).toMatchObject({ state: 'completed', percent: 100 });
  });
});
