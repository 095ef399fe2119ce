import { describe, expect, it } from 'vitest';
import { list, memoryWriter } from '../../test/support/memory-disk.ts';
import {
  abortedDuring,
  all,
  code,
  disposed,
  fence,
  partial,
  reader,
  stub,
} from '../../test/support/plugin-parts.ts';
import type { RestorePlan } from '../target/restore-plan.ts';
import type { RestoreRun } from '../target/restore-writer.ts';
import { diskId } from '../values/identifiers.ts';
import { guardConverter } from './guard-converter.ts';
import { guardDriver } from './guard-driver.ts';
import { guardJournal } from './guard-journal.ts';
import { guardTarget } from './guard-target.ts';

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
      rollback: stub({ removed: [], findings: [], undone: true }),
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
