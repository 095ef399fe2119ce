import { describe, expect, it } from 'vitest';
import { addMachine, createWorld, filled, KIB, MIB, pointBytes, startProcess } from './world.ts';

async function start(
  sizes: readonly number[] = [2 * MIB, MIB],
  options: Parameters<typeof startProcess>[1] = {},
) {
  const world = createWorld();
  const machine = addMachine(world, 'vm', sizes);
  const process = await startProcess(world, options);
  const request = { source: process.source, repository: process.repository, machine: machine.ref };
  const checkDisks = async (point: string): Promise<void> => {
    for (const disk of machine.disks) {
      const bytes = await pointBytes(process.repository, point, disk.id);
      expect(Buffer.compare(bytes, disk.freeze().bytes())).toBe(0);
    }
  };
  return { world, machine, ...process, request, checkDisks };
}

describe('a machine whose disks change between backups', () => {
  it('takes a full of an added disk only', async () => {
    const { engine, machine, request, checkDisks } = await start();
    await engine.backup(request);
    machine.addDisk(MIB).write(0, filled(4096, 3));
    const next = await engine.backup({ ...request, type: 'incremental' });
    expect(next.kind).toBe('incremental');
    expect(next.disks.map((disk) => [disk.id, disk.kind, disk.reason])).toEqual([
      ['disk-0', 'incremental', null],
      ['disk-1', 'incremental', null],
      ['disk-2', 'full', 'first-backup'],
    ]);
    expect(next.findings.map((finding) => finding.code)).toContain('disk-added');
    await checkDisks(next.pointId);
  });

  it('leaves a removed disk out, says so, and never gives its number again', async () => {
    const { engine, machine, request } = await start();
    await engine.backup(request);
    machine.removeDisk(machine.disk(1).id);
    machine.addDisk(MIB);
    const next = await engine.backup(request);
    expect(next.disks.map((disk) => disk.id)).toEqual(['disk-0', 'disk-2']);
    expect(next.findings.map((finding) => finding.code)).toContain('disk-removed');
  });

  it('takes a full of a disk that replaced another in its slot', async () => {
    const { engine, machine, request, checkDisks } = await start();
    await engine.backup(request);
    machine.replaceDisk(1, MIB).write(0, filled(4096, 5));
    const next = await engine.backup(request);
    expect(next.disks[1]).toMatchObject({ kind: 'full', reason: 'disk-replaced' });
    await checkDisks(next.pointId);
  });

  it('takes an increment of a grown disk where the repository can grow it', async () => {
    const { engine, machine, request, checkDisks } = await start();
    await engine.backup(request);
    machine.disk().resize(3 * MIB);
    const next = await engine.backup(request);
    expect(next.disks[0]).toMatchObject({ kind: 'incremental', sizeBytes: 3 * MIB });
    await checkDisks(next.pointId);
  });

  it('takes a full of a grown disk where the repository cannot grow it', async () => {
    const { engine, machine, request, checkDisks } = await start([2 * MIB], {
      repository: { capabilities: { growDisk: false } },
    });
    await engine.backup(request);
    machine.disk().resize(3 * MIB);
    const next = await engine.backup(request);
    expect(next).toMatchObject({ kind: 'full', reason: 'disk-resized' });
    await checkDisks(next.pointId);
  });

  it('takes a full of a shrunk disk', async () => {
    const { engine, machine, request, checkDisks } = await start();
    await engine.backup(request);
    machine.disk().resize(MIB);
    const next = await engine.backup(request);
    expect(next.disks[0]).toMatchObject({ kind: 'full', reason: 'disk-resized' });
    expect(next.disks[1]).toMatchObject({ kind: 'incremental' });
    await checkDisks(next.pointId);
  });

  it('reports excluded disks as skipped and takes a full of them when they come back', async () => {
    const { engine, machine, request, checkDisks } = await start();
    const first = await engine.backup({ ...request, excludeDisks: ['disk-1'] });
    expect(first.disks.map((disk) => disk.diskId)).toEqual([machine.disk(0).id]);
    expect(first.skipped).toMatchObject([{ id: 'disk-1', diskId: machine.disk(1).id }]);
    const second = await engine.backup(request);
    expect(second.disks.map((disk) => disk.kind)).toEqual(['incremental', 'full']);
    await checkDisks(second.pointId);
  });

  it('names a skipped disk as the repository does, and never as another disk of the result', async () => {
    const { engine, machine, request } = await start();
    const first = await engine.backup({ ...request, excludeDisks: ['disk-0'] });
    // the other disk is the first in the repository
    expect([first.disks[0]?.id, first.skipped[0]?.id]).toEqual(['disk-0', machine.disk(0).id]);
    await engine.backup(request);
    const forecast = await engine.planBackup({ ...request, excludeDisks: [machine.disk(0).id] });
    expect(forecast.skipped).toMatchObject([{ id: 'disk-1', diskId: machine.disk(0).id }]);
    const next = await engine.backup({ ...request, excludeDisks: ['1'] });
    expect(next.skipped).toMatchObject([{ id: 'disk-1', diskId: machine.disk(0).id }]);
  });

  it('refuses to exclude a disk that is not there, naming those that are', async () => {
    const { engine, request } = await start();
    await expect(engine.backup({ ...request, excludeDisks: ['disk-7'] })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      remedy: expect.stringContaining('disk-1') as string,
    });
  });

  it('refuses to back up nothing', async () => {
    const { engine, request } = await start();
    const nothing = engine.backup({ ...request, excludeDisks: ['disk-0', 'disk-1'] });
    await expect(nothing).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('takes a full after the machine was reverted, with that reason', async () => {
    const { engine, machine, request } = await start([MIB]);
    await engine.backup(request);
    machine.reverts++;
    const next = await engine.backup(request);
    expect(next).toMatchObject({ kind: 'full', reason: 'machine-reverted' });
    expect(next.findings).toMatchObject([{ severity: 'warning', code: 'full-instead-of-incremental' }]);
  });

  it('builds on an older baseline for a disk that the newest one does not cover', async () => {
    const { engine, machine, source, request, checkDisks } = await start();
    await engine.backup(request);
    const forgetful: typeof source = {
      ...source,
      async capture(...args) {
        const capture = await source.capture(...args);
        return {
          ...capture,
          async seal(call) {
            const state = await capture.seal(call);
            return state && { ...state, disks: state.disks.slice(0, 1) };
          },
          [Symbol.asyncDispose]: () => capture[Symbol.asyncDispose](),
        };
      },
    };
    machine.disk(1).write(0, filled(KIB, 21));
    const partial = await engine.backup({ ...request, source: forgetful });
    expect(partial.findings.map((finding) => finding.code)).toContain('no-baseline');
    machine.disk(1).write(512 * KIB, filled(KIB, 22));
    const next = await engine.backup(request);
    expect(next.disks.map((disk) => disk.kind)).toEqual(['incremental', 'incremental']);
    expect(next.disks[1]?.base).not.toBe(partial.pointId);
    await checkDisks(next.pointId);
  });
});
