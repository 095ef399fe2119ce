import { describe, expect, it } from 'vitest';
import { list, memoryWriter } from '../../test/support/memory-disk.ts';
import {
  abortedDuring,
  all,
  artifact,
  code,
  disposed,
  fence,
  partial,
  stub,
  view,
} from '../../test/support/plugin-parts.ts';
import type { CaptureRequest } from '../capture/capture-request.ts';
import type { PointDraft } from '../repository/point-draft.ts';
import { diskId } from '../values/identifiers.ts';
import { guardRepository } from './guard-repository.ts';
import { guardSource } from './guard-source.ts';

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

  it('refuses parts of a verification where they are not offered, and what is no part', async () => {
    const { guard } = repository();
    for (const part of [{ sample: 0.5 }, { budgetMs: 1000 }, { resume: 'cursor' }])
      await expect(all(guard.verify({ depth: 'data', ...part }))).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        context: { capability: 'partialVerify' },
      });
    await expect(all(guard.verify({ depth: 'data', sample: 1 }))).resolves.toEqual([]);
    const { guard: able } = repository({ partialVerify: true });
    await expect(all(able.verify({ depth: 'data', sample: 0.5, budgetMs: 1, resume: 'x' }))).resolves.toEqual(
      [],
    );
    for (const part of [{ sample: 0 }, { sample: 1.5 }, { sample: Number.NaN }, { budgetMs: 0 }])
      await expect(all(able.verify({ depth: 'data', ...part }))).rejects.toEqual(code('RANGE_INVALID'));
    await expect(all(able.verify({ depth: 'data', resume: '' }))).rejects.toEqual(code('CONFIG_INVALID'));
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
