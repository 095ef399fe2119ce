import type { ByteRange, Extent } from '@sendense/core';
import { collect, createMemoryDisk } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { RangeWriter } from './range-writer.ts';

const PIECE = 65_536;
const data = new Uint8Array(PIECE).fill(1);

function rangeWriter({ durable = [] as readonly ByteRange[], checkpointBytes = 2 ** 40 } = {}) {
  const saved: (readonly ByteRange[])[] = [];
  const inner = createMemoryDisk({ sizeBytes: 8192 * PIECE }).openWriter();
  const save = async (ranges: readonly ByteRange[]) => void saved.push(ranges);
  return { writer: new RangeWriter(inner, { durable, checkpointBytes, save }), inner, saved };
}

describe('RangeWriter', () => {
  it('saves what is durable at a flush, joined with what was before, and nothing sooner', async () => {
    const { writer, saved } = rangeWriter({ durable: [{ offset: 0, length: PIECE }] });
    await writer.write(PIECE, data);
    await writer.zero(4 * PIECE, PIECE);
    expect(saved).toEqual([]);
    await writer.flush();
    await writer.flush();
    expect(saved).toEqual([
      [
        { offset: 0, length: 2 * PIECE },
        { offset: 4 * PIECE, length: PIECE },
      ],
    ]);
    expect(await collect(writer.durable())).toEqual([{ offset: 0, length: PIECE }]);
  });

  it('makes its writes durable by itself after so many bytes', async () => {
    const { writer, saved } = rangeWriter({ checkpointBytes: 2 * PIECE });
    for (let piece = 0; piece < 5; piece++) await writer.write(piece * PIECE, data);
    expect(saved).toEqual([[{ offset: 0, length: 2 * PIECE }], [{ offset: 0, length: 4 * PIECE }]]);
  });

  it('does not call durable what was not written when the flush began', async () => {
    const { writer, inner, saved } = rangeWriter();
    await writer.write(0, data);
    const flush = inner.flush.bind(inner);
    inner.flush = async (call) => {
      await writer.write(PIECE, data);
      await flush(call);
    };
    await writer.flush();
    expect(saved).toEqual([[{ offset: 0, length: PIECE }]]);
  });

  it('saves nothing when the flush fails', async () => {
    const { writer, inner, saved } = rangeWriter();
    await writer.write(0, data);
    inner.flush = () => Promise.reject(new Error('lost'));
    await expect(writer.flush()).rejects.toThrow('lost');
    expect(saved).toEqual([]);
  });

  it('remembers the longest ranges when there are too many', async () => {
    const { writer, saved } = rangeWriter();
    for (let piece = 0; piece < 3000; piece += 2) await writer.write(piece * PIECE, data.subarray(0, 512));
    await writer.write(4000 * PIECE, data);
    await writer.flush();
    expect(saved[0]).toHaveLength(1024);
    expect(saved[0]).toContainEqual({ offset: 4000 * PIECE, length: PIECE });
  });

  it('remembers what it copied from a reader, a portion at a time', async () => {
    const { writer, inner, saved } = rangeWriter({ checkpointBytes: 2 * PIECE });
    const source = createMemoryDisk({ sizeBytes: 8192 * PIECE });
    const filled = source.openWriter();
    for (const piece of [1, 2, 3, 7]) await filled.write(piece * PIECE, data);
    await filled.flush();
    async function* extents(): AsyncGenerator<Extent> {
      yield { offset: PIECE, length: 3 * PIECE, kind: 'data' };
      yield { offset: 5 * PIECE, length: PIECE, kind: 'zero' };
      yield { offset: 7 * PIECE, length: PIECE, kind: 'data' };
    }
    const result = await writer.copyFrom(source.openReader(), extents());
    expect(result).toMatchObject({ bytesRead: 4 * PIECE, bytesWritten: 4 * PIECE, bytesZeroed: PIECE });
    expect(saved.at(0)).toEqual([{ offset: PIECE, length: 3 * PIECE }]);
    await writer.flush();
    expect(saved.at(-1)).toEqual([
      { offset: PIECE, length: 3 * PIECE },
      { offset: 5 * PIECE, length: PIECE },
      { offset: 7 * PIECE, length: PIECE },
    ]);
    await inner[Symbol.asyncDispose]();
  });
});
