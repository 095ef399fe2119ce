import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { list, memoryReader, memoryWriter, turns } from '../../test/support/memory-disk.ts';
import type { ByteRange, Extent } from '../values/extent.ts';
import { copyBlocks } from './copy-blocks.ts';
import type { CopyRequest } from './copy-request.ts';

const SEED = 20_261_121;
const RUNS = 400 * Number(process.env.SENDENSE_TEST_SCALE ?? 1);

/** A disk whose bytes tell their position, with stretches of zeros; extents of it that say `zero` only where it is. */
const disk = fc
  .array(fc.record({ length: fc.integer({ min: 1, max: 5000 }), zero: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((runs) => {
    const bytes: number[] = [];
    for (const run of runs)
      for (let i = 0; i < run.length; i += 1) bytes.push(run.zero ? 0 : 1 + (bytes.length % 251));
    return Uint8Array.from(bytes);
  });

const gapsAndLengths = fc.array(fc.tuple(fc.nat(3000), fc.integer({ min: 1, max: 4000 }), fc.boolean()), {
  maxLength: 14,
});

function extentsOf(
  bytes: Uint8Array,
  shape: readonly (readonly [number, number, boolean])[],
  beyond: number,
): Extent[] {
  const extents: Extent[] = [];
  let position = 0;
  for (const [gap, length, askZero] of shape) {
    const offset = position + (gap % 3 === 0 ? 0 : gap);
    if (offset >= bytes.length + beyond) break;
    const end = Math.min(bytes.length + beyond, offset + length);
    const zero = askZero && bytes.subarray(offset, end).every((byte) => byte === 0);
    extents.push({ offset, length: end - offset, kind: zero ? 'zero' : 'data' });
    position = end;
  }
  return extents;
}

const power = (max: number) => fc.integer({ min: 0, max }).map((exponent) => 2 ** exponent);
const orders = fc.constantFrom<'random' | 'ascending'>('random', 'ascending');
const limits = fc.record({
  alignmentBytes: power(10),
  maxBytes: fc.integer({ min: 1, max: 5 }).map((count) => count * 1024),
  maxInFlight: fc.integer({ min: 1, max: 5 }),
  order: orders,
});

/** What the destination must read as: the source wherever a block of the wider grid holds a listed byte, else as before. */
function expected(
  source: Uint8Array,
  before: Uint8Array,
  extents: readonly Extent[],
  grid: number,
): Uint8Array {
  const after = Uint8Array.from(before);
  for (const { offset, length } of extents) {
    const end = Math.min(source.length, offset + length);
    if (offset >= end) continue;
    const from = offset - (offset % grid);
    const to = Math.min(source.length, Math.ceil(end / grid) * grid);
    after.set(source.subarray(from, to), from);
  }
  return after;
}

const pieces = fc.record({
  windowBytes: fc.integer({ min: 1, max: 40_000 }),
  zeroPieceBytes: power(12),
});

describe('copyBlocks', () => {
  it('makes the destination equal the source on every block that holds a listed byte, and touches nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(
        disk,
        gapsAndLengths,
        limits,
        limits,
        pieces,
        fc.nat(3000),
        async (source, shape, from, to, sizes, more) => {
          const extents = extentsOf(source, shape, more);
          const grid = Math.max(from.alignmentBytes, to.alignmentBytes);
          const before = new Uint8Array(source.length + more).fill(255);
          const content = Uint8Array.from(before);
          const { reader, seen: read } = memoryReader(source, from);
          const { writer, seen } = memoryWriter(content, to);
          const result = await copyBlocks({ from: reader, to: writer, extents: list(extents), ...sizes });
          // The last block of the source is filled up with zeros when the destination is larger.
          const want = expected(source, before, extents, grid);
          const end = Math.min(
            content.length,
            Math.ceil(source.length / to.alignmentBytes) * to.alignmentBytes,
          );
          if (seen.calls.some((call) => call.offset + call.length > source.length))
            want.fill(0, source.length, end);
          expect(Buffer.compare(content, want)).toBe(0);
          expect(seen.most).toBeLessThanOrEqual(to.order === 'ascending' ? 1 : to.maxInFlight);
          expect(read.most).toBeLessThanOrEqual(from.order === 'ascending' ? 1 : from.maxInFlight);
          const covered = result.bytesWritten + result.bytesZeroed;
          const listed = expected(
            new Uint8Array(source.length).fill(1),
            new Uint8Array(source.length),
            extents,
            grid,
          ).reduce((sum, byte) => sum + byte, 0);
          expect(covered).toBe(listed);
          expect(result.bytesUnchanged).toBe(0);
        },
      ),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it('leaves durable ranges out, and tests each piece for change once and in order', async () => {
    const durableShape = fc.array(fc.tuple(fc.nat(6), fc.integer({ min: 1, max: 6 })), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        disk,
        gapsAndLengths,
        limits,
        limits,
        pieces,
        durableShape,
        power(11),
        fc.boolean(),
        async (source, shape, from, to, sizes, blocks, unit, testing) => {
          const extents = extentsOf(source, shape, 0);
          const durable: ByteRange[] = [];
          let position = 0;
          for (const [gap, count] of blocks) {
            const offset = (position + gap) * to.alignmentBytes;
            const end = Math.min(source.length, offset + count * to.alignmentBytes);
            if (offset >= end) break;
            durable.push({ offset, length: end - offset });
            position += gap + count;
          }
          const isDurable = (at: number) =>
            durable.some(({ offset, length }) => at >= offset && at < offset + length);
          const content = Uint8Array.from({ length: source.length }, (_, at) =>
            isDurable(at) ? (source[at] ?? 0) : 255,
          );
          const unchangedPiece = (offset: number) => (offset / unit) % 3 === 1;
          const tested: number[] = [];
          const unchanged: CopyRequest['unchanged'] = {
            pieceBytes: unit,
            test({ offset, length }, data) {
              tested.push(offset);
              expect(offset + length === source.length || length === unit).toBe(true);
              const truth = source.subarray(offset, offset + length);
              const claimed = data === 'zero' ? new Uint8Array(length) : data;
              expect(Buffer.compare(claimed, truth)).toBe(0);
              return tested.length % 2 === 0
                ? unchangedPiece(offset)
                : Promise.resolve(unchangedPiece(offset));
            },
          };
          const grid = Math.max(from.alignmentBytes, to.alignmentBytes, testing ? unit : 1);
          const want = expected(source, content, extents, grid);
          const blockUnchanged = (at: number) => {
            const block = Math.max(unit, to.alignmentBytes);
            const start = at - (at % block);
            for (let piece = start; piece < Math.min(source.length, start + block); piece += unit)
              if (!unchangedPiece(piece)) return false;
            return true;
          };
          if (testing)
            for (let at = 0; at < want.length; at += 1)
              if (blockUnchanged(at) && !isDurable(at)) want[at] = 255;
          const { reader } = memoryReader(source, { ...from, order: 'random' });
          const { writer, seen } = memoryWriter(content, to, { durable: () => list(durable) });
          await copyBlocks({
            from: reader,
            to: writer,
            extents: list(extents),
            ...sizes,
            ...(testing ? { unchanged } : {}),
          });
          expect(Buffer.compare(content, want)).toBe(0);
          for (const { offset, length } of seen.calls)
            for (let at = offset; at < Math.min(source.length, offset + length); at += 1)
              if (isDurable(at)) throw new Error(`durable byte ${at} was written again`);
          expect(tested).toEqual([...new Set(tested)].sort((a, b) => a - b));
        },
      ),
      { seed: SEED, numRuns: RUNS },
    );
  });

  const filled = (length: number) => new Uint8Array(length).map((_, at) => 1 + (at % 251));
  const all = (bytes: Uint8Array) => list<Extent>([{ offset: 0, length: bytes.length, kind: 'data' }]);
  const MIB = 1024 * 1024;

  it('reads ahead with several reads in flight, and holds no more than its window', async () => {
    const source = filled(12 * MIB);
    const { reader, seen: read } = memoryReader(source, { maxInFlight: 4 });
    const { writer, seen } = memoryWriter(new Uint8Array(source.length), { order: 'ascending' });
    const buffers = new Set<ArrayBufferLike>();
    const write = writer.write.bind(writer);
    writer.write = (offset, data, call) => {
      buffers.add(data.buffer);
      return write(offset, data, call);
    };
    await copyBlocks({ from: reader, to: writer, extents: all(source), windowBytes: 2 * MIB });
    expect(read.most).toBe(4);
    expect(seen.most).toBe(1);
    expect([...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0)).toBeLessThanOrEqual(2 * MIB);
  });

  it('stops within one piece of an abort and touches nothing after it has rejected', async () => {
    const source = filled(16 * MIB);
    const { reader } = memoryReader(source);
    const { writer, seen } = memoryWriter(new Uint8Array(source.length), { maxInFlight: 2 });
    const cancel = new AbortController();
    const write = writer.write.bind(writer);
    writer.write = async (offset, data, call) => {
      if (offset >= 4 * MIB) cancel.abort();
      await write(offset, data, call);
    };
    const copy = copyBlocks({ from: reader, to: writer, extents: all(source) }, { signal: cancel.signal });
    await expect(copy).rejects.toMatchObject({ code: 'ABORTED', operation: 'copy-blocks' });
    const calls = seen.calls.length;
    expect(calls * MIB).toBeLessThanOrEqual(7 * MIB);
    expect(seen.inFlight).toBe(0);
    await turns(100);
    expect(seen.calls.length).toBe(calls);
  });

  it('rejects only when what was under way has ended, and closes what it read from', async () => {
    const source = filled(8 * MIB);
    const { reader } = memoryReader(source);
    const hanging = Promise.withResolvers<void>();
    const closed: string[] = [];
    async function* noted<T>(name: string, items: readonly T[]) {
      try {
        yield* items;
      } finally {
        closed.push(name);
      }
    }
    const whole = (index: number) => ({ offset: index * 2 * MIB, length: MIB });
    const { writer } = memoryWriter(
      new Uint8Array(source.length),
      {},
      {
        durable: () => noted('durable', [whole(2), whole(3)]),
        write: (offset) => (offset === 0 ? hanging.promise : Promise.reject(new Error('no space'))),
      },
    );
    const extents = [0, 1, 2, 3].map((index): Extent => ({ ...whole(index), kind: 'data' }));
    let settled = false;
    const copy = copyBlocks({ from: reader, to: writer, extents: noted('extents', extents), windowBytes: 1 })
      .catch((error: unknown) => error)
      .finally(() => {
        settled = true;
      });
    await turns(2000);
    expect(settled).toBe(false);
    hanging.resolve();
    expect(await copy).toEqual(new Error('no space'));
    expect(closed.toSorted()).toEqual(['durable', 'extents']);
  });

  it('refuses to start when the signal has fired already', async () => {
    const { reader } = memoryReader(filled(10));
    const { writer, seen } = memoryWriter(new Uint8Array(10));
    const copy = copyBlocks(
      { from: reader, to: writer, extents: all(filled(10)) },
      { signal: AbortSignal.abort() },
    );
    await expect(copy).rejects.toMatchObject({ code: 'ABORTED' });
    expect(seen.calls).toEqual([]);
  });

  it('passes on the error of a failed read or write and starts no write after a failed one', async () => {
    const source = filled(8 * MIB);
    const full = new Error('no space');
    for (const order of ['random', 'ascending'] as const) {
      const { reader } = memoryReader(source);
      const { writer, seen } = memoryWriter(new Uint8Array(source.length), { order, maxInFlight: 3 });
      let failed = false;
      let late = 0;
      const write = writer.write.bind(writer);
      writer.write = async (offset, data, call) => {
        if (failed) late += 1;
        await write(offset, data, call);
        if (offset !== 2 * MIB) return;
        failed = true;
        throw full;
      };
      await expect(copyBlocks({ from: reader, to: writer, extents: all(source) })).rejects.toBe(full);
      expect(late).toBe(0);
      expect(seen.inFlight).toBe(0);
    }
    const broken = new Error('bad sector');
    const { reader } = memoryReader(source);
    reader.read = () => Promise.reject(broken);
    const { writer } = memoryWriter(new Uint8Array(source.length));
    await expect(copyBlocks({ from: reader, to: writer, extents: all(source) })).rejects.toBe(broken);
  });

  it('reports progress at most ten times a second, the end always, and never backwards', async () => {
    const source = filled(40 * MIB);
    const { reader } = memoryReader(source);
    const { writer } = memoryWriter(new Uint8Array(source.length));
    let now = 0;
    const done: number[] = [];
    await copyBlocks(
      { from: reader, to: writer, extents: all(source), clock: { monotonicMs: () => (now += 30) } },
      { onProgress: (progress) => done.push(progress.done) },
    );
    expect(done.length).toBeLessThanOrEqual(Math.ceil(now / 100) + 1);
    expect(done.length).toBeGreaterThan(5);
    expect(done.at(-1)).toBe(source.length);
    expect(done).toEqual([...done].sort((a, b) => a - b));
  });

  it('takes every byte it reads from the pace', async () => {
    const source = filled(3 * MIB + 17);
    const { reader } = memoryReader(source);
    const { writer } = memoryWriter(new Uint8Array(source.length));
    let granted = 0;
    const pace = {
      take(bytes: number) {
        const grant = Math.min(bytes, 100_000);
        granted += grant;
        return Promise.resolve(grant);
      },
    };
    const result = await copyBlocks({ from: reader, to: writer, extents: all(source), pace });
    expect(granted).toBe(source.length);
    expect(result).toEqual({
      bytesRead: source.length,
      bytesWritten: source.length,
      bytesZeroed: 0,
      bytesUnchanged: 0,
    });
  });

  it('leaves the copy to a writer with copyFrom, aligned for both and without what is durable', async () => {
    const source = filled(10_000);
    const { reader } = memoryReader(source, { alignmentBytes: 512 });
    const got: Extent[] = [];
    const { writer } = memoryWriter(
      new Uint8Array(10_000),
      { alignmentBytes: 1024 },
      {
        durable: () => list([{ offset: 2048, length: 1024 }]),
        async copyFrom(_source, extents) {
          for await (const extent of extents) got.push(extent);
          return { bytesRead: 1, bytesWritten: 2, bytesZeroed: 3 };
        },
      },
    );
    const extents: Extent[] = [
      { offset: 100, length: 3000, kind: 'data' },
      { offset: 9000, length: 5000, kind: 'data' },
    ];
    const result = await copyBlocks({ from: reader, to: writer, extents: list(extents) });
    expect(result).toEqual({ bytesRead: 1, bytesWritten: 2, bytesZeroed: 3, bytesUnchanged: 0 });
    expect(got).toEqual([
      { offset: 0, length: 2048, kind: 'data' },
      { offset: 3072, length: 1024, kind: 'data' },
      { offset: 8192, length: 1808, kind: 'data' },
    ]);
  });

  it('refuses extents that go back, a destination that is too small, and sizes that are no power of two', async () => {
    const { reader } = memoryReader(filled(4096));
    const to = memoryWriter(new Uint8Array(4096)).writer;
    const back: Extent[] = [
      { offset: 1024, length: 512, kind: 'data' },
      { offset: 1000, length: 512, kind: 'data' },
    ];
    const refused = (request: Partial<CopyRequest>) =>
      copyBlocks({ from: reader, to, extents: all(filled(4096)), ...request });
    await expect(refused({ extents: list(back) })).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
    await expect(refused({ to: memoryWriter(new Uint8Array(4095)).writer })).rejects.toMatchObject({
      code: 'RANGE_INVALID',
    });
    await expect(refused({ zeroPieceBytes: 1000 })).rejects.toMatchObject({ code: 'RANGE_INVALID' });
    await expect(refused({ windowBytes: 0 })).rejects.toMatchObject({ code: 'RANGE_INVALID' });
  });

  it('asks about a hole of many pieces without holding up the event loop', async () => {
    const { reader } = memoryReader(new Uint8Array(0));
    const sizeBytes = 2 ** 32;
    const cancel = new AbortController();
    let asked = 0;
    setImmediate(() => cancel.abort());
    const { writer } = memoryWriter(new Uint8Array(0));
    const copy = copyBlocks(
      {
        from: { ...reader, sizeBytes },
        to: { ...writer, sizeBytes },
        extents: list<Extent>([{ offset: 0, length: sizeBytes, kind: 'zero' }]),
        unchanged: {
          pieceBytes: 4096,
          test: () => {
            asked += 1;
            return true;
          },
        },
      },
      { signal: cancel.signal },
    );
    await expect(copy).rejects.toMatchObject({ code: 'ABORTED' });
    expect(asked).toBeLessThan(sizeBytes / 4096);
  });
});
