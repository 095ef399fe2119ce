import { describe, expect, it, vi } from 'vitest';
import { list, memoryReader, memoryWriter } from '../../test/support/memory-disk.ts';
import type { BlockLimits } from '../block/block-limits.ts';
import type { BlockReader } from '../block/block-reader.ts';
import type { BlockWriter } from '../block/block-writer.ts';
import { SendenseError } from '../errors/sendense-error.ts';
import { guardReader } from './guard-reader.ts';
import { guardWriter } from './guard-writer.ts';

const LIMITS: Partial<BlockLimits> = { alignmentBytes: 512, maxBytes: 4096 };

function reader(limits = LIMITS, extra: Partial<BlockReader> = {}) {
  const { reader: inner } = memoryReader(new Uint8Array(10_000).fill(7), limits);
  const read = vi.spyOn(inner, 'read');
  return { inner: Object.assign(inner, extra), read, guard: guardReader(inner) };
}

function writer(limits = LIMITS, extra: Partial<BlockWriter> = {}) {
  const { writer: inner } = memoryWriter(new Uint8Array(10_000), limits);
  Object.assign(inner, extra);
  const write = vi.spyOn(inner, 'write');
  const zero = vi.spyOn(inner, 'zero');
  return { inner, write, zero, guard: guardWriter(inner) };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = [];
  for await (const item of items) got.push(item);
  return got;
}

const bytes = (length: number) => new Uint8Array(length);
const code = (name: string) => expect.objectContaining({ name: 'SendenseError', code: name });
/** What a caller without types may pass. */
const wrong = (value: unknown): never => value as never;

describe('guardReader', () => {
  it('wraps once: the same object gives the same guard, and a guard gives itself', () => {
    const { inner, guard } = reader();
    expect(guardReader(inner)).toBe(guard);
    expect(guardReader(guard)).toBe(guard);
  });

  it('offers what the reader offers and nothing more', () => {
    const { guard } = reader(LIMITS, wrong({ secretDoor: 1 }));
    expect(guard).not.toHaveProperty('secretDoor');
    expect(guard).not.toHaveProperty('locate');
    expect(guard).not.toHaveProperty('digests');
    expect(guard.sizeBytes).toBe(10_000);
  });

  it('passes a good read on as it is', async () => {
    const { guard, read } = reader();
    const into = bytes(512);
    const call = { signal: new AbortController().signal };
    await guard.read(512, into, call);
    expect(read).toHaveBeenCalledExactlyOnceWith(512, into, call);
    expect(into[0]).toBe(7);
  });

  it('lets the last, short block be read', async () => {
    const { guard, read } = reader();
    await guard.read(9728, bytes(272));
    expect(read).toHaveBeenCalledOnce();
  });

  it.each([
    ['past the end', 9728, 512, 'RANGE_INVALID'],
    ['before the start', -512, 512, 'RANGE_INVALID'],
    ['at a fraction', 0.5, 512, 'RANGE_INVALID'],
    ['at NaN', Number.NaN, 512, 'RANGE_INVALID'],
    ['beyond 2^53', 2 ** 53, 512, 'RANGE_INVALID'],
    ['at a misaligned offset', 100, 512, 'RANGE_INVALID'],
    ['of a misaligned length', 512, 100, 'RANGE_INVALID'],
    ['of more than maxBytes', 0, 4608, 'RANGE_INVALID'],
  ])('refuses a read %s', async (_what, offset, length, expected) => {
    const { guard, read } = reader();
    await expect(guard.read(offset, bytes(length))).rejects.toEqual(code(expected));
    expect(read).not.toHaveBeenCalled();
  });

  it('refuses wrong types with a plain TypeError', async () => {
    const { guard, read } = reader();
    for (const call of [
      guard.read(wrong('0'), bytes(512)),
      guard.read(wrong(0n), bytes(512)),
      guard.read(0, wrong([1, 2])),
      guard.read(0, wrong(undefined)),
      guard.read(0, bytes(512), wrong(7)),
      guard.read(0, bytes(512), wrong(null)),
      guard.read(0, bytes(512), { signal: wrong({ aborted: false }) }),
      guard.read(0, bytes(512), { onProgress: wrong('yes') }),
      all(guard.extents(wrong(undefined))),
      all(guard.extents({ offset: wrong('0'), length: 1 })),
    ])
      await expect(call).rejects.toThrow(TypeError);
    expect(read).not.toHaveBeenCalled();
  });

  it('answers a read of nothing without asking the plugin, but not outside the disk', async () => {
    const { guard, read } = reader();
    await guard.read(512, bytes(0));
    await expect(guard.read(10_240, bytes(0))).rejects.toEqual(code('RANGE_INVALID'));
    expect(await all(guard.extents({ offset: 5, length: 0 }))).toEqual([]);
    expect(read).not.toHaveBeenCalled();
  });

  it('sends a forward-only reader forward only', async () => {
    const { guard } = reader({ ...LIMITS, order: 'ascending' });
    await guard.read(1024, bytes(512));
    await expect(guard.read(1024, bytes(512))).rejects.toEqual(code('RANGE_INVALID'));
    await guard.read(2048, bytes(512));
  });

  it('refuses everything after dispose, and disposes once', async () => {
    const dispose = vi.fn<() => Promise<void>>(() => Promise.resolve());
    const { guard } = reader(LIMITS, { [Symbol.asyncDispose]: dispose });
    await guard[Symbol.asyncDispose]();
    await guard[Symbol.asyncDispose]();
    expect(dispose).toHaveBeenCalledOnce();
    await expect(guard.read(0, bytes(512))).rejects.toEqual(code('NOT_OPEN'));
    await expect(guard.read(0, bytes(0))).rejects.toEqual(code('NOT_OPEN'));
    await expect(all(guard.extents({ offset: 0, length: 1 }))).rejects.toEqual(code('NOT_OPEN'));
  });

  it('ends a list that is under way when the reader is disposed', async () => {
    const { guard } = reader(LIMITS, {
      extents: () => list([1, 2, 3].map((at) => ({ offset: at, length: 1, kind: 'data' as const }))),
    });
    const items = guard.extents({ offset: 0, length: 10 })[Symbol.asyncIterator]();
    await items.next();
    await guard[Symbol.asyncDispose]();
    await expect(items.next()).rejects.toEqual(code('NOT_OPEN'));
  });

  it('gives a list up in the plugin when the caller stops early', async () => {
    let closed = false;
    const { guard } = reader(LIMITS, {
      async *extents() {
        try {
          for (let offset = 0; ; offset += 1) yield { offset, length: 1, kind: 'data' as const };
        } finally {
          closed = true;
        }
      },
    });
    for await (const extent of guard.extents({ offset: 0, length: 10 })) if (extent.offset === 2) break;
    expect(closed).toBe(true);
  });

  it('rejects with ABORTED before the plugin is asked, and when the signal fires while it works', async () => {
    const { guard, read } = reader();
    await expect(guard.read(0, bytes(512), { signal: AbortSignal.abort() })).rejects.toEqual(code('ABORTED'));
    expect(read).not.toHaveBeenCalled();
    const cancel = new AbortController();
    const reading = guard.read(0, bytes(512), { signal: cancel.signal });
    cancel.abort();
    await expect(reading).rejects.toEqual(code('ABORTED'));
  });

  it('calls it ABORTED whatever the plugin gave up with', async () => {
    const cancel = new AbortController();
    const lost = new SendenseError('CONNECTION_LOST', 'socket closed', { operation: 'read-nbd' });
    const { guard } = reader(LIMITS, {
      read() {
        cancel.abort();
        return Promise.reject(lost);
      },
    });
    const error = await guard
      .read(0, bytes(512), { signal: cancel.signal })
      .catch((thrown: unknown) => thrown);
    expect(error).toEqual(code('ABORTED'));
    expect((error as SendenseError).cause).toBe(lost);
  });

  it("turns a plugin's own errors into SendenseErrors that say what was done, and passes SendenseErrors on", async () => {
    const foreign = new TypeError('cannot read properties of undefined');
    const known = new SendenseError('CORRUPT', 'bad cluster', { operation: 'read-qcow2' });
    const first = reader(LIMITS, { read: () => Promise.reject(foreign) });
    const error = await first.guard.read(0, bytes(512)).catch((thrown: unknown) => thrown);
    expect(error).toEqual(code('UNEXPECTED'));
    expect(error).toMatchObject({ operation: 'read-blocks', cause: foreign, context: { handle: 'reader' } });
    const second = reader(LIMITS, { read: () => Promise.reject(known) });
    await expect(second.guard.read(0, bytes(512))).rejects.toBe(known);
    const third = reader(LIMITS, {
      read() {
        throw foreign;
      },
    });
    await expect(third.guard.read(0, bytes(512))).rejects.toEqual(code('UNEXPECTED'));
  });

  it('gives digests only whole, ascending pieces', async () => {
    const asked: number[] = [];
    const { guard } = reader(LIMITS, {
      digestPieceBytes: 4096,
      async *digests(pieces) {
        for await (const piece of pieces) {
          asked.push(piece.offset);
          yield bytes(32);
        }
      },
    });
    const read = guard.digests?.bind(guard);
    const piece = (offset: number, length = 4096) => ({ offset, length });
    expect(await all(read?.(list([piece(0), piece(8192, 1808)])) ?? list([]))).toHaveLength(2);
    for (const pieces of [[piece(100)], [piece(0, 8192)], [piece(4096), piece(0)], [piece(8192)]])
      await expect(all(read?.(list(pieces)) ?? list([]))).rejects.toEqual(code('RANGE_INVALID'));
    expect(asked).toEqual([0, 8192, 4096]);
  });
});

describe('guardWriter', () => {
  it('passes good calls on, zeros longer than maxBytes too', async () => {
    const { guard, write, zero } = writer();
    await guard.write(0, bytes(4096));
    await guard.zero(4096, 5904);
    await guard.flush();
    expect(write).toHaveBeenCalledOnce();
    expect(zero).toHaveBeenCalledOnce();
  });

  it.each([
    ['a write past the end', (to: BlockWriter) => to.write(9728, bytes(512))],
    ['a misaligned write', (to: BlockWriter) => to.write(1, bytes(512))],
    ['a write above maxBytes', (to: BlockWriter) => to.write(0, bytes(4608))],
    ['a zero past the end', (to: BlockWriter) => to.zero(0, 10_240)],
    ['a misaligned zero', (to: BlockWriter) => to.zero(0, 100)],
  ])('refuses %s and can still be written after', async (_what, run) => {
    const { guard, write, zero } = writer();
    await expect(run(guard)).rejects.toEqual(code('RANGE_INVALID'));
    expect(write).not.toHaveBeenCalled();
    expect(zero).not.toHaveBeenCalled();
    await guard.write(0, bytes(512));
  });

  it('refuses wrong types with a plain TypeError', async () => {
    const { guard } = writer();
    for (const call of [
      guard.write(0, wrong('data')),
      guard.write(wrong(null), bytes(512)),
      guard.zero(0, wrong('512')),
      guard.flush(wrong('now')),
    ])
      await expect(call).rejects.toThrow(TypeError);
  });

  it('does nothing for a write or zero of no length', async () => {
    const { guard, write, zero } = writer({ ...LIMITS, order: 'ascending' });
    await guard.write(512, bytes(0));
    await guard.zero(0, 0);
    await guard.write(0, bytes(512));
    expect(write).toHaveBeenCalledOnce();
    expect(zero).not.toHaveBeenCalled();
  });

  it('sends an ascending writer forward only, by write and zero alike', async () => {
    const { guard } = writer({ ...LIMITS, order: 'ascending' });
    await guard.zero(512, 512);
    await expect(guard.write(0, bytes(512))).rejects.toEqual(code('RANGE_INVALID'));
    await guard.write(2048, bytes(512));
    await expect(guard.zero(2048, 512)).rejects.toEqual(code('RANGE_INVALID'));
  });

  it.each(['write', 'zero', 'flush'] as const)('after one failed %s it only disposes', async (method) => {
    const full = new SendenseError('NO_SPACE', 'full', { operation: 'write-file' });
    const { guard } = writer(LIMITS, { [method]: () => Promise.reject(full) });
    const runs = {
      write: () => guard.write(0, bytes(512)),
      zero: () => guard.zero(512, 512),
      flush: () => guard.flush(),
    };
    await expect(runs[method]()).rejects.toBe(full);
    for (const run of Object.values(runs)) {
      const error = await run().catch((thrown: unknown) => thrown);
      expect(error).toEqual(code('NOT_OPEN'));
      expect((error as SendenseError).cause).toBe(full);
    }
    await guard[Symbol.asyncDispose]();
  });

  it('counts a write that was aborted on its way as failed, one aborted before as not made', async () => {
    const { guard } = writer();
    await expect(guard.write(0, bytes(512), { signal: AbortSignal.abort() })).rejects.toEqual(
      code('ABORTED'),
    );
    await guard.write(0, bytes(512));
    const cancel = new AbortController();
    const writing = guard.write(512, bytes(512), { signal: cancel.signal });
    cancel.abort();
    await expect(writing).rejects.toEqual(code('ABORTED'));
    await expect(guard.flush()).rejects.toEqual(code('NOT_OPEN'));
  });

  it('guards durable, endpoint and copyFrom where the writer has them', async () => {
    const { guard } = writer(LIMITS, {
      durable: () => list([{ offset: 0, length: 512 }]),
      endpoint: () => Promise.resolve({ kind: 'file', path: '/x' }),
      copyFrom: () => Promise.reject(new Error('boom')),
    });
    expect(await all(guard.durable?.() ?? list([]))).toHaveLength(1);
    expect(await guard.endpoint?.()).toEqual({ kind: 'file', path: '/x' });
    const source = reader().guard;
    await expect(guard.copyFrom?.(source, wrong([]))).rejects.toThrow(TypeError);
    await expect(guard.copyFrom?.(source, list([]))).rejects.toEqual(code('UNEXPECTED'));
    await expect(guard.endpoint?.()).rejects.toEqual(code('NOT_OPEN'));
  });
});
