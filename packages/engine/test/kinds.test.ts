import { type Repository, SendenseError, streamId } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { addMachine, createWorld, filled, KIB, MIB, pointBytes, startProcess } from './world.ts';

async function start(options: Parameters<typeof startProcess>[1] = {}, sizes: readonly number[] = [4 * MIB]) {
  const world = createWorld();
  const machine = addMachine(world, 'vm', sizes);
  const process = await startProcess(world, options);
  const request = { source: process.source, repository: process.repository, machine: machine.ref };
  const checkDisk = async (point: string): Promise<void> => {
    const bytes = await pointBytes(process.repository, point, machine.disk().id);
    expect(Buffer.compare(bytes, machine.disk().freeze().bytes())).toBe(0);
  };
  return { world, machine, ...process, request, checkDisk };
}

describe('the kind of a backup', () => {
  it('is full when a full is asked for, with that reason', async () => {
    const { engine, request } = await start();
    await engine.backup(request);
    expect(await engine.backup({ ...request, type: 'full' })).toMatchObject({
      kind: 'full',
      reason: 'requested',
    });
  });

  it.each([
    ['CORRUPT', 'parent-missing'],
    ['UNSUPPORTED', 'repository-requires'],
    ['PARENT_MISSING', 'parent-missing'],
  ] as const)('is full when the repository says %s of the base, and says why', async (code, reason) => {
    const { engine, machine, request, checkDisk } = await start();
    await engine.backup(request);
    machine.disk().write(64 * KIB, filled(KIB, 5));
    const repository: Repository = Object.create(request.repository, {
      begin: {
        value: (...[draft, fence, call]: Parameters<Repository['begin']>) =>
          draft.disks.some(({ base }) => base !== null)
            ? Promise.reject(new SendenseError(code, 'the base is of no use', { operation: 'begin-point' }))
            : request.repository.begin(draft, fence, call),
      },
    });
    const next = await engine.backup({ ...request, repository });
    expect(next).toMatchObject({ kind: 'full', reason });
    expect(next.findings).toContainEqual(
      expect.objectContaining({ code: 'full-instead-of-incremental', severity: 'warning' }),
    );
    await checkDisk(next.pointId);
  });

  it.each(['NOT_FOUND', 'CORRUPT', 'PARENT_MISSING'] as const)(
    'is full when the point to compare with answers %s',
    async (code) => {
      const { engine, request, checkDisk } = await start({ source: { capabilities: { tracking: false } } });
      await engine.backup(request);
      const failing = new SendenseError(code, 'the base cannot be opened', { operation: 'open-point' });
      const repository: Repository = Object.create(request.repository, {
        open: { value: () => Promise.reject(failing) },
      });
      const next = await engine.backup({ ...request, repository });
      expect(next).toMatchObject({ kind: 'full', reason: 'parent-missing' });
      await checkDisk(next.pointId);
    },
  );

  it('refuses an increment that can only be full, and takes it when that is allowed', async () => {
    const { engine, request, world } = await start();
    await expect(engine.backup({ ...request, type: 'incremental' })).rejects.toMatchObject({
      code: 'PARENT_MISSING',
    });
    expect(world.hypervisor.objects()).toEqual([]);
    const allowed = await engine.backup({ ...request, type: 'incremental', allowFull: true });
    expect(allowed).toMatchObject({ kind: 'full', reason: 'first-backup' });
  });

  it('is differential since the last full, whatever increments came between', async () => {
    const { engine, machine, request, checkDisk } = await start();
    const full = await engine.backup(request);
    machine.disk().write(256 * KIB, filled(KIB, 1));
    await engine.backup(request);
    machine.disk().write(1024 * KIB, filled(KIB, 2));
    const first = await engine.backup({ ...request, type: 'differential' });
    expect(first).toMatchObject({ kind: 'differential', parentId: full.pointId, changedBytes: 128 * KIB });
    await checkDisk(first.pointId);
    machine.disk().write(2048 * KIB, filled(KIB, 3));
    const second = await engine.backup({ ...request, type: 'differential' });
    expect(second).toMatchObject({ kind: 'differential', parentId: full.pointId, changedBytes: 192 * KIB });
    await checkDisk(second.pointId);
    const third = await engine.backup(request);
    expect(third).toMatchObject({ kind: 'incremental', parentId: second.pointId });
  });

  it('retires the baselines that no later delta starts from', async () => {
    const { engine, machine, request, world } = await start();
    for (let run = 0; run < 6; run++) {
      machine.disk().write(run * 64 * KIB, filled(KIB, run));
      await engine.backup(request);
    }
    expect(world.hypervisor.objects()).toHaveLength(2);
    await engine.backup({ ...request, type: 'full' });
    expect(world.hypervisor.objects()).toHaveLength(1);
  });

  it('is differential by tracking where the platform holds three baselines and one stream has them', async () => {
    const few = { source: { capabilities: { baselinesPerMachine: 3 } } };
    const { engine, machine, request, world, checkDisk } = await start(few);
    const full = await engine.backup(request);
    for (let run = 0; run < 3; run++) {
      machine.disk().write(run * 64 * KIB, filled(KIB, run + 1));
      await engine.backup(request);
    }
    expect(world.hypervisor.objects()).toHaveLength(2);
    const made = await engine.backup({ ...request, type: 'differential' });
    expect(made).toMatchObject({ kind: 'differential', parentId: full.pointId, bytesRead: 192 * KIB });
    await checkDisk(made.pointId);
  });

  it('gives up the baseline of its last full where another stream needs the room, and says what that costs', async () => {
    const few = { source: { capabilities: { baselinesPerMachine: 3 } } };
    const { engine, machine, request, world, checkDisk } = await start(few);
    const other = { ...request, stream: streamId('other') };
    const rounds = async (count: number) => {
      const kinds: string[] = [];
      for (let run = 0; run < count; run++) {
        machine.disk().write(run * 64 * KIB, filled(KIB, run + 7));
        kinds.push((await engine.backup(request)).kind, (await engine.backup(other)).kind);
      }
      return kinds;
    };
    const full = await engine.backup(request);
    await engine.backup(request);
    expect(world.hypervisor.objects()).toHaveLength(2);
    expect(await rounds(3)).toEqual([
      'incremental',
      'full',
      ...Array.from({ length: 4 }, () => 'incremental'),
    ]);
    expect(world.hypervisor.objects()).toHaveLength(2);
    const made = await engine.backup({ ...request, type: 'differential' });
    expect(made).toMatchObject({ kind: 'differential', parentId: full.pointId, changedBytes: 192 * KIB });
    expect(made.findings.map(({ code }) => code)).toContain('changes-found-by-digest');
    await checkDisk(made.pointId);
  });

  it('makes room for a new baseline before the capture, so that another stream never costs a delta', async () => {
    const few = { source: { capabilities: { baselinesPerMachine: 3 } } };
    const { engine, machine, request, checkDisk } = await start(few);
    await engine.backup(request);
    await engine.backup(request);
    await engine.backup({ ...request, stream: streamId('other') });
    for (let run = 0; run < 3; run++) {
      machine.disk().write(run * 64 * KIB, filled(KIB, run + 7));
      const made = await engine.backup(request);
      expect(made).toMatchObject({ kind: 'incremental', bytesRead: 64 * KIB });
      await checkDisk(made.pointId);
    }
  });

  it('is full where the base was deleted, because no point holds the instant any more', async () => {
    const { engine, machine, repository, request, checkDisk } = await start();
    await engine.backup(request);
    const { pointId } = await engine.backup(request);
    await repository.maintenance?.delete(pointId);
    machine.disk().write(0, filled(KIB, 4));
    const next = await engine.backup(request);
    await checkDisk(next.pointId);
    expect(next.parentId).not.toBe(pointId);
  });

  it('is full with repository-requires where the repository keeps fulls only', async () => {
    const { engine, request } = await start({ repository: { capabilities: { incremental: false } } });
    await engine.backup(request);
    expect(await engine.backup(request)).toMatchObject({ kind: 'full', reason: 'repository-requires' });
  });

  it('goes on incrementally from the states in the points when the journal was lost', async () => {
    const { engine, machine, request, world, checkDisk } = await start();
    await engine.backup(request);
    machine.disk().write(640 * KIB, filled(KIB, 6));
    world.journal.entries.clear();
    const { engine: second } = await startProcess(world);
    const next = await second.backup(request);
    expect(next).toMatchObject({ kind: 'incremental', changedBytes: 64 * KIB });
    await checkDisk(next.pointId);
  });
});

describe('a source without change tracking', () => {
  const untracked = { source: { capabilities: { tracking: false } } };

  it('reads all, and stores only the pieces whose digest differs', async () => {
    const { engine, machine, request, checkDisk } = await start(untracked);
    expect(await engine.backup(request)).toMatchObject({ kind: 'full', reason: 'first-backup' });
    machine.disk().write(100, filled(KIB, 8));
    machine.disk().write(2 * MIB, filled(KIB, 9));
    machine.disk().zero(4 * MIB - 64 * KIB, 64 * KIB);
    const next = await engine.backup({ ...request, type: 'incremental' });
    expect(next).toMatchObject({
      kind: 'incremental',
      reason: null,
      changedBytes: 192 * KIB,
      bytesRead: 128 * KIB,
    });
    expect(next.findings).toMatchObject([{ severity: 'info', code: 'changes-found-by-digest' }]);
    await checkDisk(next.pointId);
  });

  it('finds a grown disk, and a differential, the same way', async () => {
    const { engine, machine, request, checkDisk } = await start(untracked, [MIB + 512]);
    const full = await engine.backup(request);
    machine.disk().write(64 * KIB, filled(KIB, 1));
    await engine.backup(request);
    machine.disk().resize(2 * MIB);
    machine.disk().write(MIB + 256 * KIB, filled(KIB, 2));
    const next = await engine.backup({ ...request, type: 'differential' });
    expect(next).toMatchObject({ kind: 'differential', parentId: full.pointId });
    await checkDisk(next.pointId);
  });

  it('compares after tracking was lost, too', async () => {
    const { engine, machine, request, world, checkDisk } = await start();
    await engine.backup(request);
    world.hypervisor.crashHost(machine.ref);
    machine.disk().write(64 * KIB, filled(KIB, 5));
    const next = await engine.backup(request);
    expect(next).toMatchObject({ kind: 'incremental', changedBytes: 64 * KIB });
    await checkDisk(next.pointId);
  });
});

describe('a dry run', () => {
  it('tells kind, reason and bytes as the backup then has them, and changes nothing', async () => {
    const { engine, machine, request, world } = await start();
    const forecast = await engine.planBackup(request);
    expect(forecast).toMatchObject({ kind: 'full', reason: 'first-backup', predictedBytes: 128 * KIB });
    expect(world.journal.entries.size).toBe(0);
    expect(world.hypervisor.objects()).toEqual([]);
    const full = await engine.backup(request);
    machine.disk().write(64 * KIB, filled(KIB, 5));
    const next = await engine.planBackup(request);
    expect(next).toMatchObject({
      kind: 'incremental',
      reason: null,
      parentId: full.pointId,
      predictedBytes: 64 * KIB,
      predictedAtMost: false,
      reasonText: null,
    });
    expect(await engine.backup(request)).toMatchObject({ kind: 'incremental', changedBytes: 64 * KIB });
  });

  it('rejects where the backup would', async () => {
    const { engine, request } = await start();
    await expect(engine.planBackup({ ...request, type: 'incremental' })).rejects.toMatchObject({
      code: 'PARENT_MISSING',
    });
  });

  it('tells that changes will be found by comparing digests', async () => {
    const { engine, request } = await start({ source: { capabilities: { tracking: false } } });
    await engine.backup(request);
    const forecast = await engine.planBackup(request);
    expect(forecast).toMatchObject({
      kind: 'incremental',
      reason: null,
      reasonText: expect.stringContaining('compared') as string,
      predictedAtMost: true,
      disks: [{ byDigest: true }],
    });
  });
});
