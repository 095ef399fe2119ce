import { type Keep, pointId, SendenseError } from '@sendense/core';
import { createTestFence } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { addMachine, createWorld, filled, KIB, MIB, startProcess } from './world.ts';

async function start(options: Parameters<typeof startProcess>[1] = {}) {
  const world = createWorld();
  const machine = addMachine(world, 'vm', [MIB]);
  const process = await startProcess(world, options);
  const request = { source: process.source, repository: process.repository, machine: machine.ref };
  return { world, machine, ...process, request };
}

describe('prune', () => {
  it('keeps what the policy keeps, and the stream goes on incrementally', async () => {
    const { engine, request, repository, machine, world } = await start();
    const ids: string[] = [];
    for (let run = 0; run < 4; run++) {
      machine.disk().write(run * 64 * KIB, filled(KIB, run));
      world.clock.advance(3_600_000);
      ids.push((await engine.backup(request)).pointId);
    }
    const dry = await engine.prune({ repository, policy: { last: 1 }, dryRun: true });
    expect(dry).toMatchObject({ kept: [ids[3]], removed: ids.slice(0, 3) });
    expect((await repository.usage()).points).toBe(4);
    const done = await engine.prune({ repository, policy: { last: 1 } });
    expect(done.kept).toEqual([ids[3]]);
    expect((await engine.backup(request)).kind).toBe('incremental');
  });

  it('refuses a policy that keeps nothing, and a repository that may not delete', async () => {
    const { engine, repository } = await start();
    await expect(engine.prune({ repository, policy: {} })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'a retention policy must keep something',
    });
    const { maintenance: _, ...writeOnly } = repository;
    const refused = engine.prune({ repository: writeOnly, policy: { last: 1 } });
    await expect(refused).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

describe('reconcile', () => {
  it('removes what a dead run left and keeps the live baselines', async () => {
    const { engine, request, source, repository, target, world, machine } = await start();
    await engine.backup(request);
    const kept = world.hypervisor.objects();
    const other = addMachine(world, 'other');
    await source.capture({
      id: 'sendense-dead' as never,
      machine: other.ref,
      stream: 'dead' as never,
      since: [],
      consistency: { want: 'crash', accept: 'crash' },
    });
    world.journal.entries.set('streams/dead', {
      revision: 1_000,
      value: {
        schema: 1,
        stream: 'dead',
        machine: other.ref,
        machineKey: '00000000-0000-5000-8000-000000000000',
        repository: repository.id,
        run: {
          captureId: 'sendense-dead',
          pointId: 'p',
          holder: 'gone',
          startedAt: '2026-01-01T00:00:00.000Z',
          instant: null,
        },
        states: [],
      },
    });
    const result = await engine.reconcile({
      sources: [source],
      targets: [target],
      repositories: [repository],
      graceMs: 0,
    });
    expect(result.removed.length).toBeGreaterThan(0);
    expect(world.hypervisor.objects()).toEqual(kept);
    machine.disk().write(0, filled(KIB, 1));
    expect((await engine.backup(request)).kind).toBe('incremental');
  });

  it('keeps the capture of a run that is under way, and one of another live worker', async () => {
    const { world, request, source, repository } = await start();
    const worker = await startProcess(world, { engine: { fence: createTestFence('worker') } });
    const writes = Promise.withResolvers<void>();
    const begin = () => {
      writes.resolve();
      return new Promise<never>(() => undefined);
    };
    void worker.engine.backup({ ...request, source, repository: { ...repository, begin } });
    await writes.promise;
    const before = world.hypervisor.objects();
    expect(before.length).toBeGreaterThan(0);
    const watcher = await startProcess(world, { engine: { isHolderAlive: (holder) => holder === 'worker' } });
    await watcher.engine.reconcile({ sources: [source], repositories: [repository], graceMs: 0 });
    expect(world.hypervisor.objects()).toEqual(before);
  });

  it('reports a place that cannot be cleaned and cleans the others', async () => {
    const { engine, source, target } = await start();
    const broken = {
      ...source,
      reconcile: () =>
        Promise.reject(new SendenseError('CONNECTION_LOST', 'gone', { operation: 'reconcile' })),
    };
    const result = await engine.reconcile({ sources: [broken], targets: [target] });
    expect(result.findings).toMatchObject([{ code: 'reconcile-failed' }]);
  });
});

describe('restore', () => {
  it('refuses an incompatible target before anything is written, naming the reasons', async () => {
    const { engine, request, repository } = await start();
    const { pointId: point } = await engine.backup(request);
    const { target, world } = await start({ target: { capabilities: { maxDiskBytes: KIB } } });
    const refused = engine.restore({ repository, point, target });
    await expect(refused).rejects.toMatchObject({ code: 'INCOMPATIBLE' });
    expect(world.hypervisor.objects()).toEqual([]);
  });

  it('rejects an unknown point', async () => {
    const { engine, repository, target } = await start();
    const missing = engine.restore({ repository, point: pointId('nothing'), target });
    await expect(missing).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('refuses damaged bytes instead of calling them verified', async () => {
    const { engine, request, repository, target } = await start();
    const { pointId: point } = await engine.backup(request);
    const lying: typeof target = {
      ...target,
      async begin(...args) {
        const writer = await target.begin(...args);
        const { disks } = writer;
        for (const disk of disks.values()) {
          const write = disk.write.bind(disk);
          disk.write = (offset, data, call) =>
            write(
              offset,
              Uint8Array.from(data, (byte, at) => (at === 9 ? byte ^ 1 : byte)),
              call,
            );
        }
        return writer;
      },
    };
    const job = { jobId: 'bad' as never };
    const failed = engine.restore({ repository, point, target: lying, overwrite: true, ...job });
    await expect(failed).rejects.toMatchObject({ code: 'CORRUPT', operation: 'verify-restore' });
    const status = await engine.restoreStatus(job.jobId);
    expect(status.state).toBe('failed');
    expect(status.steps.find((step) => step.name === 'verify')).toMatchObject({
      state: 'failed',
      error: { code: 'CORRUPT' },
    });
  });

  it('says when it was not verified, because that was switched off or the target cannot be read back', async () => {
    const { engine, request, repository, target } = await start();
    const { pointId: point } = await engine.backup(request);
    const unchecked = await engine.restore({ repository, point, target, overwrite: true, verify: false });
    expect(unchecked.verified).toBe(false);
    expect(unchecked.findings.map((finding) => finding.code)).toContain('verify-skipped');
    const blind: typeof target = {
      ...target,
      async begin(...args) {
        const writer = await target.begin(...args);
        return {
          disks: writer.disks,
          commit: (call) => writer.commit(call),
          rollback: (call) => writer.rollback(call),
          [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
        };
      },
    };
    const unread = await engine.restore({ repository, point, target: blind, overwrite: true });
    expect(unread.verified).toBe(false);
    expect(unread.findings.map((finding) => finding.code)).toContain('verify-unavailable');
  });

  it('tells the target when its writer is opened to be rolled back, and which restores are complete', async () => {
    const { engine, request, repository, target } = await start();
    const { pointId: point } = await engine.backup(request);
    const undone: unknown[] = [];
    const kept: Keep[] = [];
    const seen: typeof target = {
      ...target,
      begin: (plan, run, call) => {
        undone.push(run.undo);
        return target.begin(plan, run, call);
      },
      reconcile: async (keep) => {
        kept.push(keep);
        return { removed: [], findings: [] };
      },
    };
    const job = { jobId: 'told' as never };
    await engine.restore({ repository, point, target: seen, overwrite: true, ...job });
    await engine.reconcile({ targets: [seen] });
    await engine.rollbackRestore({ ...job, repository, target: seen });
    expect(undone).toEqual([undefined, true]);
    expect(kept[0]?.restores).toHaveLength(1);
    expect(kept[0]?.completed).toEqual(kept[0]?.restores);
  });

  it('tells the target of restores that failed or were cut off, and never as complete ones', async () => {
    const { engine, request, repository, target, world } = await start();
    const { pointId: point } = await engine.backup(request);
    const plans = new Map<string, string>();
    const kept: Keep[] = [];
    const ending = (how: 'completed' | 'failed' | 'interrupted'): typeof target => ({
      ...target,
      async begin(plan, run, call) {
        plans.set(how, plan.id);
        const writer = await target.begin(plan, run, call);
        const commit = writer.commit.bind(writer);
        writer.commit = async (during) => {
          if (how === 'interrupted') return new Promise<never>(() => undefined);
          if (how === 'failed')
            throw new SendenseError('NO_SPACE', 'the store is full', { operation: 'commit-restore' });
          return commit(during);
        };
        return writer;
      },
      reconcile: async (keep) => {
        kept.push(keep);
        return { removed: [], findings: [] };
      },
    });
    const restoring = { repository, point, overwrite: true };
    await engine.restore({ ...restoring, target: ending('completed') });
    const failed = engine.restore({ ...restoring, target: ending('failed') });
    await expect(failed).rejects.toMatchObject({ code: 'NO_SPACE' });
    // never settles: its process is gone from here on
    const dying = await startProcess(world);
    const isCommitting = new Promise<void>((resolve) => {
      dying.engine.events.on('step-start', ({ step }) => {
        if (step === 'commit') resolve();
      });
    });
    void dying.engine.restore({ ...restoring, target: ending('interrupted'), jobId: 'cut' as never });
    await isCommitting;
    const later = await startProcess(world);
    expect((await later.engine.restoreStatus('cut' as never)).state).toBe('interrupted');
    await later.engine.reconcile({ targets: [ending('completed')] });
    expect(new Set(kept[0]?.restores)).toEqual(new Set(plans.values()));
    expect(plans.size).toBe(3);
    expect(kept[0]?.completed).toEqual([plans.get('completed')]);
  });

  it('restores only the disks that are named', async () => {
    const world = createWorld();
    const machine = addMachine(world, 'vm', [MIB, 512 * KIB]);
    const { engine, source, repository, target } = await startProcess(world);
    const { pointId: point } = await engine.backup({ source, repository, machine: machine.ref });
    const result = await engine.restore({ repository, point, target, disks: ['1'], into: 'disks-only' });
    expect(result.disks).toMatchObject([{ id: 'disk-1', sizeBytes: 512 * KIB }]);
    const unknown = engine.restore({ repository, point, target, disks: ['disk-9'], into: 'disks-only' });
    await expect(unknown).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('is cancelled and resumed in the same process', async () => {
    const { engine, request, repository, target } = await start();
    const { pointId: point } = await engine.backup(request);
    const job = { jobId: 'paused' as never };
    engine.events.once('disk-start', () => {
      expect(engine.cancel(job.jobId)).toBe(true);
    });
    const cancelled = engine.restore({ repository, point, target, overwrite: true, ...job });
    await expect(cancelled).rejects.toMatchObject({ code: 'ABORTED' });
    expect((await engine.restoreStatus(job.jobId)).state).toBe('cancelled');
    expect((await engine.resumeRestore({ repository, target, ...job })).verified).toBe(true);
  });

  it('is not started twice under one job id', async () => {
    const { engine, request, repository, target } = await start();
    const { pointId: point } = await engine.backup(request);
    const job = { jobId: 'one' as never };
    const ended: string[] = [];
    engine.events.on('job-end', ({ outcome }) => ended.push(outcome));
    const first = engine.restore({ repository, point, target, overwrite: true, ...job });
    const again = engine.resumeRestore({ repository, target, ...job });
    await expect(again).rejects.toMatchObject({ code: 'LOCKED' });
    await first;
    expect(ended).toEqual(['completed']);
    const third = engine.restore({ repository, point, target, overwrite: true, ...job });
    await expect(third).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  it('starts over where the target cannot resume', async () => {
    const { engine, request, repository, world } = await start();
    const { pointId: point } = await engine.backup(request);
    const stubborn = (await startProcess(world, { target: { capabilities: { resume: 'none' } } })).target;
    const job = { jobId: 'again' as never };
    let failing = true;
    const flaky: typeof stubborn = {
      ...stubborn,
      async begin(...args) {
        const writer = await stubborn.begin(...args);
        if (!failing) return writer;
        failing = false;
        return {
          ...writer,
          commit: () => Promise.reject(new SendenseError('TIMEOUT', 'late', { operation: 'commit' })),
          [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
        };
      },
    };
    await expect(
      engine.restore({ repository, point, target: flaky, overwrite: true, ...job }),
    ).rejects.toThrow('late');
    const result = await engine.resumeRestore({ repository, target: flaky, ...job });
    expect(result).toMatchObject({ verified: true, bytesWritten: 128 * KIB });
  });

  it('copies only what was not durable when it is resumed', async () => {
    const { engine, request, repository, target, machine } = await start();
    machine.disk().write(256 * KIB, filled(256 * KIB, 5));
    const { pointId: point } = await engine.backup(request);
    const job = { jobId: 'half' as never };
    let failures = 1;
    const flaky: typeof target = {
      ...target,
      async begin(...args) {
        const writer = await target.begin(...args);
        for (const disk of writer.disks.values()) {
          const write = disk.write.bind(disk);
          disk.write = async (offset, data, call) => {
            if (offset > 0 && failures-- > 0) {
              await disk.flush();
              throw new SendenseError('CONNECTION_LOST', 'cut', { operation: 'write' });
            }
            await write(offset, data, call);
          };
        }
        return writer;
      },
    };
    const restore = { repository, point, target: flaky, overwrite: true, windowBytes: 128 * KIB };
    await expect(engine.restore({ ...restore, ...job })).rejects.toThrow('cut');
    const status = await engine.restoreStatus(job.jobId);
    expect(status.steps.find((step) => step.name === 'copy')).toMatchObject({
      error: { code: 'CONNECTION_LOST' },
    });
    const { findings: _, ...result } = await engine.resumeRestore({ repository, target: flaky, ...job });
    expect(result).toMatchObject({ verified: true });
    expect(result.bytesWritten).toBeLessThan(384 * KIB);
  });
});
