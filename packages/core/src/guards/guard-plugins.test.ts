import { describe, expect, it, vi } from 'vitest';
import { list, memoryReader, memoryWriter } from '../../test/support/memory-disk.ts';
import type { CaptureRequest } from '../capture/capture-request.ts';
import type { PointDraft } from '../repository/point-draft.ts';
import type { RestorePlan } from '../target/restore-plan.ts';
import type { RestoreRun } from '../target/restore-writer.ts';
import { diskId } from '../values/identifiers.ts';
import { guardConverter } from './guard-converter.ts';
import { guardDriver } from './guard-driver.ts';
import { guardJournal } from './guard-journal.ts';
import { guardRepository } from './guard-repository.ts';
import { guardSource } from './guard-source.ts';
import { guardTarget } from './guard-target.ts';

/** A plugin's object with only what a test needs; anything else it is asked for fails the test. */
const partial = (given: object): never => given as never;
const code = (name: string) => expect.objectContaining({ name: 'SendenseError', code: name });
/** A method that resolves with `value`. */
const stub = <T>(value: T) => vi.fn<() => Promise<T>>(() => Promise.resolve(value));
const disposed = () => stub(undefined);
const fence = { holder: 'test', token: 1, check: () => Promise.resolve() };

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = [];
  for await (const item of items) got.push(item);
  return got;
}

/** Runs `run` with a signal that fires while the plugin works. */
function abortedDuring<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const cancel = new AbortController();
  const running = run(cancel.signal);
  cancel.abort();
  return running;
}

const reader = () => memoryReader(new Uint8Array(1024)).reader;
const view = () => ({
  id: diskId('a'),
  slot: { bus: 'virtio', controller: 0, unit: 0 },
  sizeBytes: 1024,
  sectorBytes: 512,
  reader: reader(),
  changes: {
    kind: 'incremental',
    since: 'i1',
    extents: () => list([{ offset: 0, length: 512, kind: 'data' }]),
  },
});
const artifact = () => ({
  name: 'nvram',
  sensitive: false,
  sizeBytes: 1,
  bytes: () => Promise.resolve(new Uint8Array(1)),
});

describe('guardSource', () => {
  const machine = { connection: 'image', id: '/disk' };
  const state = { schema: 'test/1', instant: 'i1', machine, stream: 's1', disks: ['a'], data: {} };
  const request = (change: object = {}): CaptureRequest =>
    partial({ id: 'c1', machine, stream: 's1', since: [state], ...change });

  function source() {
    const dispose = disposed();
    const capture = {
      instant: { id: 'i2', at: new Date(0) },
      disks: [view()],
      artifacts: [artifact()],
      seal: () => Promise.resolve(null),
      commit: () => Promise.resolve([]),
      [Symbol.asyncDispose]: dispose,
    };
    const inner = {
      platform: 'test',
      capture: stub(partial(capture)),
      plan: stub({}),
      machines: () => list([{ machine, name: 'x', power: 'off' }]),
      describe: () => Promise.reject(new Error('api down')),
      retire: stub(undefined),
      reconcile: stub({ removed: [], findings: [] }),
      [Symbol.asyncDispose]: disposed(),
    };
    return { inner, dispose, guard: guardSource(partial(inner)) };
  }

  it('refuses states of another machine or stream, and states above 256 KiB', async () => {
    const { guard, inner } = source();
    const others = [
      { ...state, stream: 's2' },
      { ...state, machine: { ...machine, id: '/other' } },
      { ...state, data: 'x'.repeat(256 * 1024) },
    ];
    for (const other of others) {
      await expect(guard.capture(request({ since: [state, other] }))).rejects.toEqual(code('CONFIG_INVALID'));
      await expect(guard.plan(request({ since: [other] }))).rejects.toEqual(code('CONFIG_INVALID'));
    }
    expect(inner.capture).not.toHaveBeenCalled();
  });

  it('refuses wrong types with a plain TypeError and empty names with CONFIG_INVALID', async () => {
    const { guard } = source();
    await expect(guard.capture(partial(Object(undefined)))).rejects.toThrow(TypeError);
    await expect(guard.capture(request({ since: 'all' }))).rejects.toThrow(TypeError);
    await expect(guard.describe(partial({ connection: 7, id: 'x' }))).rejects.toThrow(TypeError);
    await expect(guard.describe({ connection: '', id: 'x' })).rejects.toEqual(code('CONFIG_INVALID'));
    await expect(guard.retire(partial({}))).rejects.toThrow(TypeError);
    await expect(guard.reconcile(partial(Object.create(null, {})))).resolves.toBeDefined();
  });

  it('names the step in a foreign error', async () => {
    const { guard } = source();
    await expect(guard.describe(machine)).rejects.toMatchObject({
      code: 'UNEXPECTED',
      operation: 'describe-machine',
      message: expect.stringContaining('api down') as string,
    });
  });

  it('closes views, changes and artifacts with the capture', async () => {
    const { guard, dispose } = source();
    const capture = await guard.capture(request());
    const [disk] = capture.disks;
    const [nvram] = capture.artifacts;
    await disk?.reader.read(0, new Uint8Array(8));
    const changes = disk?.changes.kind === 'incremental' ? disk.changes : undefined;
    expect(await all(changes?.extents() ?? list([]))).toHaveLength(1);
    await capture[Symbol.asyncDispose]();
    await capture[Symbol.asyncDispose]();
    expect(dispose).toHaveBeenCalledOnce();
    await expect(disk?.reader.read(0, new Uint8Array(8))).rejects.toEqual(code('NOT_OPEN'));
    await expect(all(changes?.extents() ?? list([]))).rejects.toEqual(code('NOT_OPEN'));
    await expect(nvram?.bytes()).rejects.toEqual(code('NOT_OPEN'));
    await expect(capture.seal()).rejects.toEqual(code('NOT_OPEN'));
    await expect(capture.commit()).rejects.toEqual(code('NOT_OPEN'));
  });

  it('gives up a capture that comes after the abort', async () => {
    const { guard, dispose } = source();
    await expect(abortedDuring((signal) => guard.capture(request(), { signal }))).rejects.toEqual(
      code('ABORTED'),
    );
    expect(dispose).toHaveBeenCalledOnce();
  });

  it('tells of a commit that has happened although it was cancelled meanwhile', async () => {
    const { guard } = source();
    const capture = await guard.capture(request());
    await expect(abortedDuring((signal) => capture.commit({ signal }))).resolves.toEqual([]);
    await expect(abortedDuring((signal) => guard.plan(request(), { signal }))).rejects.toEqual(
      code('ABORTED'),
    );
  });

  it('refuses everything after dispose', async () => {
    const { guard } = source();
    await guard[Symbol.asyncDispose]();
    await expect(guard.plan(request())).rejects.toEqual(code('NOT_OPEN'));
    await expect(all(guard.machines())).rejects.toEqual(code('NOT_OPEN'));
  });
});

describe('guardRepository', () => {
  const disk = { id: 'a', sizeBytes: 1024, base: null };
  const draft = (change: object = {}): PointDraft => partial({ id: 'p1', disks: [disk], ...change });

  function repository(capabilities: object = {}) {
    const { writer } = memoryWriter(new Uint8Array(1024));
    const dispose = disposed();
    const point = {
      disks: new Map([[diskId('a'), writer]]),
      artifact: stub(undefined),
      commit: stub({ id: 'p1' }),
      [Symbol.asyncDispose]: dispose,
    };
    const opened = { point: {}, disks: [view()], artifacts: [artifact()], [Symbol.asyncDispose]: dispose };
    const maintenance = {
      delete: stub({ removed: [], freedBytes: 0 }),
      prune: stub({}),
    };
    const inner = {
      capabilities: { incremental: true, maxDiskBytes: 1 << 20, ...capabilities },
      begin: stub(partial(point)),
      open: stub(partial(opened)),
      points: () => list([]),
      verify: () => list([]),
      usage: () => Promise.resolve({}),
      maintenance,
      [Symbol.asyncDispose]: disposed(),
    };
    return { inner, point, maintenance, dispose, guard: guardRepository(partial(inner)) };
  }

  it('refuses a draft without disks, with a disk twice, or with a disk that is too large', async () => {
    const { guard, inner } = repository();
    await expect(guard.begin(draft({ disks: [] }), fence)).rejects.toEqual(code('CONFIG_INVALID'));
    await expect(guard.begin(draft({ disks: [disk, disk] }), fence)).rejects.toEqual(code('CONFIG_INVALID'));
    const large = { ...disk, sizeBytes: 2 << 20 };
    await expect(guard.begin(draft({ disks: [large] }), fence)).rejects.toEqual(code('UNSUPPORTED'));
    const odd = { ...disk, sizeBytes: 0.5 };
    await expect(guard.begin(draft({ disks: [odd] }), fence)).rejects.toEqual(code('RANGE_INVALID'));
    await expect(guard.begin(draft(), partial(Object('x')))).resolves.toBeDefined();
    await expect(guard.begin(draft(), partial(JSON.parse('"x"') as object))).rejects.toThrow(TypeError);
    expect(inner.begin).toHaveBeenCalledOnce();
  });

  it('refuses a base where increments are not offered', async () => {
    const { guard } = repository({ incremental: false });
    const delta = draft({ disks: [{ ...disk, base: 'p0' }] });
    await expect(guard.begin(delta, fence)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      context: { capability: 'incremental' },
    });
    await guard.begin(draft(), fence);
  });

  it('refuses a commit while a disk has unflushed writes, and after a disk has failed', async () => {
    const { guard, point } = repository();
    const writer = await guard.begin(draft(), fence);
    const to = writer.disks.get(diskId('a'));
    await to?.write(0, new Uint8Array(512));
    await expect(writer.commit([])).rejects.toMatchObject({ code: 'UNEXPECTED', context: { disk: 'a' } });
    await to?.flush();
    await expect(writer.commit([])).resolves.toEqual({ id: 'p1' });
    await expect(to?.write(0, new Uint8Array(2048))).rejects.toEqual(code('RANGE_INVALID'));
    await expect(writer.commit([])).resolves.toEqual({ id: 'p1' });
    const cancel = new AbortController();
    const writing = to?.write(512, new Uint8Array(512), { signal: cancel.signal });
    cancel.abort();
    await expect(writing).rejects.toEqual(code('ABORTED'));
    await expect(writer.commit([])).rejects.toEqual(code('NOT_OPEN'));
    expect(point.commit).toHaveBeenCalledTimes(2);
  });

  it('closes the disk writers with the point, and views with the reader', async () => {
    const { guard } = repository();
    const writer = await guard.begin(draft(), fence);
    const to = writer.disks.get(diskId('a'));
    await writer[Symbol.asyncDispose]();
    await expect(to?.write(0, new Uint8Array(512))).rejects.toEqual(code('NOT_OPEN'));
    const opened = await guard.open(partial(Object('p1'))).catch((error: unknown) => error);
    expect(opened).toBeInstanceOf(TypeError);
    const point = await guard.open('p1' as never);
    await point[Symbol.asyncDispose]();
    await expect(point.disks[0]?.reader.read(0, new Uint8Array(8))).rejects.toEqual(code('NOT_OPEN'));
  });

  it('refuses artifacts above 64 MiB', async () => {
    const { guard, point } = repository();
    const writer = await guard.begin(draft(), fence);
    const large = partial({ ...artifact(), sizeBytes: 2 ** 27 });
    await expect(writer.artifact(large)).rejects.toEqual(code('RANGE_INVALID'));
    expect(point.artifact).not.toHaveBeenCalled();
  });

  it('never prunes by a policy that keeps nothing', async () => {
    const { guard, maintenance } = repository();
    for (const policy of [{}, { last: 0 }, { last: -1 }, { last: 0.5 }])
      await expect(guard.maintenance?.prune(policy)).rejects.toEqual(code('CONFIG_INVALID'));
    expect(maintenance.prune).not.toHaveBeenCalled();
    await guard.maintenance?.prune({ last: 1 });
  });

  it('offers only the maintenance that is there, and closes it with the repository', async () => {
    const { guard } = repository();
    expect(guard.maintenance).not.toHaveProperty('consolidate');
    await guard[Symbol.asyncDispose]();
    await expect(guard.maintenance?.delete('p1' as never)).rejects.toEqual(code('NOT_OPEN'));
    await expect(guard.begin(draft(), fence)).rejects.toEqual(code('NOT_OPEN'));
    await expect(all(guard.verify({ depth: 'data' }))).rejects.toEqual(code('NOT_OPEN'));
  });
});

describe('guardTarget', () => {
  const disk = { id: 'a', sizeBytes: 1000, targetSizeBytes: 1024 };
  const plan = (change: object = {}): RestorePlan =>
    partial({ id: 'r1', into: 'disks-only', disks: [disk], ...change });
  const run = (change: object = {}): RestoreRun =>
    partial({ fence, save: () => Promise.resolve(), ...change });

  function target(change: object = {}, replicas?: object) {
    const dispose = disposed();
    const { writer } = memoryWriter(new Uint8Array(1024));
    const restore = {
      disks: new Map([[diskId('a'), writer]]),
      readBack: stub(reader()),
      commit: stub({ disks: [], findings: [] }),
      rollback: stub({ removed: [], findings: [] }),
      [Symbol.asyncDispose]: dispose,
    };
    const inner = {
      capabilities: {
        into: ['disks-only'],
        resume: 'none',
        sizeMultipleBytes: 512,
        minDiskBytes: 512,
        maxDiskBytes: 4096,
        replica: false,
        ...change,
      },
      begin: stub(partial(restore)),
      check: () => Promise.resolve({}),
      reconcile: () => Promise.resolve({}),
      ...(replicas && { replicas }),
      [Symbol.asyncDispose]: disposed(),
    };
    return { inner, restore, dispose, guard: guardTarget(partial(inner)) };
  }

  it.each([
    ['a size off the grid', { disks: [{ ...disk, targetSizeBytes: 1025 }] }],
    ['a size below the disk', { disks: [{ ...disk, targetSizeBytes: 512 }] }],
    ['a size above the most', { disks: [{ ...disk, targetSizeBytes: 8192 }] }],
    ['a destination that is not offered', { into: 'new-machine' }],
  ])('refuses a plan with %s', async (_what, change) => {
    const { guard, inner } = target();
    await expect(guard.begin(plan(change), run())).rejects.toEqual(code('UNSUPPORTED'));
    expect(inner.begin).not.toHaveBeenCalled();
    await guard.begin(plan(), run());
  });

  it('refuses to resume where that is not offered, or with the state of another plan', async () => {
    const resume = { schema: 't/1', plan: 'r1', data: null };
    await expect(target().guard.begin(plan(), run({ resume }))).rejects.toEqual(code('UNSUPPORTED'));
    const { guard } = target({ resume: 'disk' });
    const other = run({ resume: { ...resume, plan: 'r2' } });
    await expect(guard.begin(plan(), other)).rejects.toEqual(code('CONFIG_INVALID'));
    await guard.begin(plan(), run({ resume }));
  });

  it('guards the writers and the read-back of a restore, and closes them with it', async () => {
    const { guard, restore } = target();
    const writer = await guard.begin(plan(), run());
    const to = writer.disks.get(diskId('a'));
    await to?.zero(0, 512);
    await expect(writer.commit()).rejects.toEqual(code('UNEXPECTED'));
    await to?.flush();
    const back = await writer.readBack?.(diskId('a'));
    await writer.commit();
    expect(restore.commit).toHaveBeenCalledOnce();
    await writer[Symbol.asyncDispose]();
    await expect(back?.read(0, new Uint8Array(8))).rejects.toEqual(code('NOT_OPEN'));
    await expect(to?.flush()).rejects.toEqual(code('NOT_OPEN'));
    await expect(writer.rollback()).rejects.toEqual(code('NOT_OPEN'));
  });

  it('refuses each replica operation that the target does not declare', async () => {
    const replicas = { open: stub({}), fork: stub({}), adopt: stub({}), status: () => Promise.resolve({}) };
    const offered = { history: 1, readable: false, fork: false, adopt: false, reverseState: false };
    const { guard } = target({ replica: offered }, replicas);
    const ref = partial({ id: 'x' });
    const operations = guard.replicas;
    await expect(operations?.open(ref, 'i1' as never)).rejects.toEqual(code('UNSUPPORTED'));
    await expect(operations?.fork(ref, 'i1' as never, partial({}))).rejects.toEqual(code('UNSUPPORTED'));
    await expect(operations?.adopt(partial({}), 'i1' as never)).rejects.toEqual(code('UNSUPPORTED'));
    await expect(operations?.status(ref)).resolves.toEqual({});
    const none = target({ replica: false }, replicas).guard.replicas;
    await expect(none?.status(ref)).rejects.toEqual(code('UNSUPPORTED'));
  });
});

describe('guardDriver', () => {
  const file = { kind: 'file', path: '/x' } as const;
  const nbd = { kind: 'nbd', address: { kind: 'unix', path: '/s' }, export: '' } as const;

  function driver() {
    const inner = {
      name: 'test',
      supports: (endpoint: { kind: string }, use: string) => endpoint.kind === 'file' && use !== 'never',
      openReader: stub(reader()),
      openWriter: stub(memoryWriter(new Uint8Array(1024)).writer),
      transfer: stub({ zeros: new Float64Array() }),
    };
    return { inner, guard: guardDriver(partial(inner)) };
  }

  it('refuses endpoints that the driver does not support', async () => {
    const { guard, inner } = driver();
    await expect(guard.openReader(nbd)).rejects.toEqual(code('UNSUPPORTED'));
    await expect(guard.openWriter(nbd)).rejects.toEqual(code('UNSUPPORTED'));
    expect(inner.openReader).not.toHaveBeenCalled();
    expect(inner.openWriter).not.toHaveBeenCalled();
  });

  it('gives guarded handles, and none after an abort', async () => {
    const { guard } = driver();
    const opened = await guard.openReader(file);
    await expect(opened.read(2048, new Uint8Array(1))).rejects.toEqual(code('RANGE_INVALID'));
    await expect(abortedDuring((signal) => guard.openWriter(file, { signal }))).rejects.toEqual(
      code('ABORTED'),
    );
  });

  it.each([
    ['not packed by four', [0, 0, 0]],
    ['from no source', [1, 0, 0, 512]],
    ['from half a source', [0.5, 0, 0, 512]],
    ['of no length', [0, 0, 0, 0]],
    ['before the start', [0, -1, 0, 512]],
    ['to a fraction', [0, 0, 0.5, 512]],
    ['beyond 2^53', [0, 2 ** 53 - 1, 0, 512]],
    ['of no number', [0, Number.NaN, 0, 512]],
  ])('refuses moves %s', async (_what, moves) => {
    const { guard, inner } = driver();
    const request = {
      from: [file],
      to: file,
      digest: false,
      moves: Float64Array.from(moves),
      zeros: { pieceBytes: 4096, action: 'skip' as const },
    };
    await expect(guard.transfer?.(request)).rejects.toEqual(code('RANGE_INVALID'));
    expect(inner.transfer).not.toHaveBeenCalled();
    await guard.transfer?.({ ...request, moves: Float64Array.from([0, 0, 512, 512]) });
    expect(inner.transfer).toHaveBeenCalledOnce();
  });
});

describe('guardConverter', () => {
  it('refuses pairs that are not offered', async () => {
    const convert = stub({});
    const guard = guardConverter(partial({ pairs: [{ from: 'raw', to: 'qcow2' }], convert }));
    const request = (from: 'raw' | 'vmdk' | undefined, to: 'qcow2' | 'raw') => ({
      source: { path: '/a', ...(from && { format: from }) },
      target: { path: '/b', format: to },
      overwrite: false,
    });
    await expect(guard.convert(request('vmdk', 'qcow2'))).rejects.toEqual(code('UNSUPPORTED'));
    await expect(guard.convert(request(undefined, 'raw'))).rejects.toEqual(code('UNSUPPORTED'));
    await guard.convert(request('raw', 'qcow2'));
    await guard.convert(request(undefined, 'qcow2'));
    expect(convert).toHaveBeenCalledTimes(2);
  });
});

describe('guardJournal', () => {
  it('refuses empty keys and revisions that are none, and tells of a write that has happened', async () => {
    const write = stub(2);
    const inner = { write, read: () => Promise.resolve(undefined), list: () => list(['a']) };
    const guard = guardJournal(partial(inner));
    await expect(guard.read('')).rejects.toEqual(code('CONFIG_INVALID'));
    await expect(guard.write('a', 1, -1, fence)).rejects.toEqual(code('RANGE_INVALID'));
    await expect(guard.write('a', 1, 0.5, fence)).rejects.toEqual(code('RANGE_INVALID'));
    await expect(abortedDuring((signal) => guard.write('a', 1, 'absent', fence, { signal }))).resolves.toBe(
      2,
    );
    expect(await all(guard.list(''))).toEqual(['a']);
    expect(write).toHaveBeenCalledOnce();
  });
});
