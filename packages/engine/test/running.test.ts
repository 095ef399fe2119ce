import { jobId, type LogRecord, SendenseError, streamId, systemServices } from '@sendense/core';
import { createTestFence, MemoryStore } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import type { EngineEventMap } from '../src/index.ts';
import { addMachine, createWorld, filled, KIB, MIB, pointBytes, startProcess } from './world.ts';

async function start(
  options: Parameters<typeof startProcess>[1] = {},
  sizes: readonly number[] = [4 * MIB, MIB],
) {
  const world = createWorld();
  const machine = addMachine(world, 'vm', sizes);
  const process = await startProcess(world, options);
  const request = { source: process.source, repository: process.repository, machine: machine.ref };
  return { world, machine, ...process, request };
}

const JOB = jobId('job-1');

describe('a running backup', () => {
  it('tells what it does in events, in order', async () => {
    const { engine, request, machine } = await start();
    const heard: string[] = [];
    engine.events.on('job-start', ({ verb }) => heard.push(`job-start ${verb}`));
    engine.events.on('step-start', ({ step }) => heard.push(`step-start ${step}`));
    engine.events.on('step-end', ({ step, error }) => heard.push(`step-end ${step} ${String(error)}`));
    engine.events.on('disk-start', ({ disk, kind }) => heard.push(`disk-start ${disk} ${kind}`));
    engine.events.on('disk-end', ({ disk, bytesRead }) => heard.push(`disk-end ${disk} ${bytesRead}`));
    engine.events.on('job-end', ({ outcome }) => heard.push(`job-end ${outcome}`));
    await engine.backup({ ...request, parallelDisks: 1 });
    const [first, second] = machine.disks.map((disk) => disk.id);
    expect(heard).toEqual([
      'job-start backup',
      'step-start recover',
      'step-end recover null',
      'step-start capture',
      'step-end capture null',
      'step-start copy',
      `disk-start ${first} full`,
      `disk-end ${first} ${128 * KIB}`,
      `disk-start ${second} full`,
      `disk-end ${second} ${128 * KIB}`,
      'step-end copy null',
      'step-start seal',
      'step-end seal null',
      'step-start commit',
      'step-end commit null',
      'step-start settle',
      'step-end settle null',
      'job-end completed',
    ]);
  });

  it('reports progress that never goes back and ends at 100 percent', async () => {
    const { engine, request, machine, world } = await start({}, [4 * MIB]);
    machine.disk().write(MIB, filled(2 * MIB, 3));
    const percents: number[] = [];
    engine.events.on('job-progress', (event: EngineEventMap['job-progress']) => {
      percents.push(event.percent);
      expect(event.totalBytes).toBe(4 * MIB);
    });
    engine.events.on('disk-progress', () => world.clock.advance(300));
    await engine.backup({ ...request, windowBytes: 256 * KIB });
    expect(percents.length).toBeGreaterThan(3);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(percents.at(-1)).toBe(100);
  });

  it('is not stopped by a listener that throws', async () => {
    const log: LogRecord[] = [];
    const services = systemServices({ log: (record) => log.push(record) });
    const { engine, request } = await start({ engine: { services } });
    engine.events.on('disk-start', () => {
      throw new Error('my screen is broken');
    });
    await engine.backup(request);
    expect(log.map((record) => record.message).join()).toContain('my screen is broken');
  });

  it('is cancelled to a clean abandon: no point, no snapshot, no bitmap, and the next run is not disturbed', async () => {
    const { engine, request, world, repository } = await start();
    engine.events.on('disk-start', () => engine.cancel(JOB));
    const outcomes: string[] = [];
    engine.events.on('job-end', ({ outcome }) => outcomes.push(outcome));
    await expect(engine.backup({ ...request, jobId: JOB })).rejects.toMatchObject({
      code: 'ABORTED',
      context: { jobId: JOB },
    });
    expect(outcomes).toEqual(['cancelled']);
    expect(world.hypervisor.objects()).toEqual([]);
    expect((await repository.usage()).points).toBe(0);
    engine.events.removeAllListeners('disk-start');
    expect(await engine.backup(request)).toMatchObject({ kind: 'full', findings: [] });
  });

  it('is cancelled by a signal before it starts', async () => {
    const { engine, request } = await start();
    const aborted = engine.backup(request, { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('takes every byte from the shared pace, and its rate can be changed while it runs', async () => {
    const { engine, request } = await start();
    let taken = 0;
    const pace = {
      take(bytes: number) {
        const granted = Math.min(bytes, 10_000);
        taken += granted;
        return Promise.resolve(granted);
      },
    };
    expect(engine.setRate(JOB, 1)).toBe(false);
    engine.events.on('disk-start', () => expect(engine.setRate(JOB, null)).toBe(true));
    // One byte a second would take days.
    const result = await engine.backup({ ...request, jobId: JOB, pace, rateBytesPerSecond: 1 });
    expect(taken).toBe(result.bytesRead);
  });

  it('refuses a second run of the same stream while one is under way', async () => {
    const { engine, request } = await start();
    const first = engine.backup(request);
    await expect(engine.backup(request)).rejects.toMatchObject({ code: 'LOCKED', retry: 'later' });
    await first;
  });

  it('refuses a stream that a live process of the same journal runs', async () => {
    const { world, request, source } = await start();
    const other = await startProcess(world, { engine: { fence: createTestFence('other') } });
    const captures = Promise.withResolvers<void>();
    const capture = () => {
      captures.resolve();
      return new Promise<never>(() => undefined);
    };
    void other.engine.backup({ ...request, source: { ...source, capture } });
    await captures.promise;
    const careful = await startProcess(world, { engine: { isHolderAlive: (holder) => holder === 'other' } });
    await expect(careful.engine.backup(request)).rejects.toMatchObject({ code: 'LOCKED' });
    const later = await startProcess(world, { engine: { isHolderAlive: () => false } });
    expect((await later.engine.backup(request)).kind).toBe('full');
  });

  it('refuses a stream of another machine or repository', async () => {
    const { engine, request, world } = await start();
    const stream = streamId('nightly');
    await engine.backup({ ...request, stream });
    const other = addMachine(world, 'other');
    await expect(engine.backup({ ...request, machine: other.ref, stream })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });
});

describe('two streams of one machine', () => {
  it('do not disturb each other’s increments', async () => {
    const { engine, source, machine, repository } = await start({}, [4 * MIB]);
    const second = (
      await startProcess(createWorld(), { repository: { id: 'repo-2' as never, store: new MemoryStore() } })
    ).repository;
    const destinations = [repository, second];
    for (let round = 0; round < 6; round++) {
      machine.disk().write(round * 128 * KIB, filled(KIB, round));
      const destination = destinations[round % 3 === 0 ? 1 : 0] ?? repository;
      const result = await engine.backup({ source, machine: machine.ref, repository: destination });
      expect(result.kind).toBe(round < 2 ? 'full' : 'incremental');
      const bytes = await pointBytes(destination, result.pointId, machine.disk().id);
      expect(Buffer.compare(bytes, machine.disk().freeze().bytes())).toBe(0);
    }
  });
});

describe('several machines at once', () => {
  it('gives both lists when some fail', async () => {
    const { engine, request, world } = await start();
    const requests = ['a', 'b', 'c'].map((name) => ({ ...request, machine: addMachine(world, name).ref }));
    const missing = { ...request, machine: { connection: 'memory', id: 'nobody' } };
    const result = await engine.backupMany([...requests, missing], { parallelMachines: 2 });
    expect(result.succeeded.map((backup) => backup.machineName)).toEqual(['a', 'b', 'c']);
    expect(result.failed).toMatchObject([{ machine: { id: 'nobody' }, error: { code: 'NOT_FOUND' } }]);
  });

  it('holds the lanes of the platform across machines', async () => {
    const { engine, request, world, source } = await start();
    let running = 0;
    let most = 0;
    const narrow: typeof source = {
      ...source,
      plan: async (...args) => ({ ...(await source.plan(...args)), lanes: [{ key: 'host', max: 2 }] }),
    };
    engine.events.on('job-start', () => {
      running++;
      most = Math.max(most, running);
    });
    engine.events.on('job-end', () => running--);
    const machines = ['a', 'b', 'c', 'd', 'e'].map((name) => addMachine(world, name).ref);
    await engine.backupMany(
      machines.map((machine) => ({ ...request, source: narrow, machine })),
      { parallelMachines: 5 },
    );
    expect(most).toBe(2);
  });

  it('cancels all of them by one signal', async () => {
    const { engine, request, world } = await start();
    const machines = ['a', 'b'].map((name) => addMachine(world, name).ref);
    const controller = new AbortController();
    engine.events.on('disk-start', () => controller.abort());
    const { succeeded, failed } = await engine.backupMany(
      machines.map((machine) => ({ ...request, machine })),
      { signal: controller.signal },
    );
    expect(succeeded).toEqual([]);
    expect(failed.map(({ error }) => error.code)).toEqual(['ABORTED', 'ABORTED']);
    expect(world.hypervisor.objects()).toEqual([]);
  });
});

describe('when the destination fails', () => {
  it('leaves no point and no baseline, and the next run is incremental since the last point', async () => {
    const { engine, request, repository, machine, world } = await start();
    await engine.backup(request);
    machine.disk().write(0, filled(KIB, 3));
    const full: typeof repository = {
      ...repository,
      async begin(...args) {
        const writer = await repository.begin(...args);
        const commit = () => Promise.reject(new SendenseError('NO_SPACE', 'full', { operation: 'commit' }));
        return { ...writer, commit, [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose]() };
      },
    };
    await expect(engine.backup({ ...request, repository: full })).rejects.toMatchObject({ code: 'NO_SPACE' });
    const next = await engine.backup(request);
    expect(next).toMatchObject({ kind: 'incremental', changedBytes: 64 * KIB });
    expect(world.hypervisor.objects()).toHaveLength(2);
  });

  it('repeats a commit that may have happened, with the same id', async () => {
    const { engine, request, repository } = await start();
    let calls = 0;
    const flaky: typeof repository = {
      ...repository,
      async begin(...args) {
        const writer = await repository.begin(...args);
        return {
          ...writer,
          async commit(...states) {
            const point = await writer.commit(...states);
            calls++;
            if (calls > 1) return point;
            throw new SendenseError('TIMEOUT', 'no answer', { operation: 'commit', effect: 'unknown' });
          },
          [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
        };
      },
    };
    await engine.backup({ ...request, repository: flaky });
    expect(calls).toBe(2);
    expect((await repository.usage()).points).toBe(1);
  });
});

describe('when the source cannot settle', () => {
  it('keeps the point and says so', async () => {
    const { engine, request, source } = await start();
    const failing: typeof source = {
      ...source,
      async capture(...args) {
        const capture = await source.capture(...args);
        const commit = () =>
          Promise.reject(new SendenseError('TIMEOUT', 'no answer', { operation: 'commit' }));
        return { ...capture, commit, [Symbol.asyncDispose]: () => capture[Symbol.asyncDispose]() };
      },
    };
    const result = await engine.backup({ ...request, source: failing });
    expect(result.findings.map((finding) => finding.code)).toEqual(['source-commit-failed']);
    expect((await engine.backup(request)).findings).toMatchObject([
      { code: 'changes-found-by-digest' },
      { code: 'changes-found-by-digest' },
    ]);
  });
});
