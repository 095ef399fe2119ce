import { describe, expect, it } from 'vitest';
import { list, memoryReader, memoryWriter, turns } from '../../test/support/memory-disk.ts';
import type { Extent } from '../values/extent.ts';
import { copyBlocks } from './copy-blocks.ts';
import type { CopyRequest } from './copy-request.ts';

describe('copyBlocks', () => {
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
