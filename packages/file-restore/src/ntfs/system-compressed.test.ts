import { setImmediate } from 'node:timers';
import { collect } from '@sendense/testkit';
import { expect, it } from 'vitest';
import type { FileData } from './file-data.ts';
import { type Packing, systemCompressedData } from './system-compressed.ts';

const XPRESS: Packing = { algorithm: 'xpress', chunkBytes: 4096 };
const LZX: Packing = { algorithm: 'lzx', chunkBytes: 32_768 };

/** A stream whose bytes are zeros behind those that are given, and the most that was read of it at once. */
function streamOf(begin: Uint8Array) {
  const reads = { mostBytes: 0 };
  const stored: FileData = {
    extents: () => expect.fail('nobody asks where data are'),
    async *read({ offset, length }) {
      reads.mostBytes = Math.max(reads.mostBytes, length);
      yield { offset, bytes: begin.subarray(offset, offset + length) };
    },
  };
  return { stored, reads };
}

it.each([
  ['the only one', Buffer.alloc(0), 4096],
  ['behind a good one', Buffer.from([100, 0, 0, 0]), 8192],
])(
  'A chunk, %s, that is longer than what it holds is damage before it is read, however long its stream says it is',
  async (_, table, sizeBytes) => {
    const { stored, reads } = streamOf(table);
    const data = systemCompressedData({ stored, storedBytes: 2 ** 50, sizeBytes, packing: XPRESS });
    await expect(collect(data.read({ offset: 0, length: sizeBytes }))).rejects.toMatchObject({
      code: 'CORRUPT',
    });
    expect(reads.mostBytes).toBeLessThanOrEqual(4);
  },
);

it('Others get their turn between the chunks that are read at once', async () => {
  const chunks = 16;
  const table = Buffer.alloc((chunks - 1) * 4);
  for (let index = 1; index < chunks; index += 1)
    table.writeUInt32LE(index * LZX.chunkBytes, (index - 1) * 4);
  const sizeBytes = chunks * LZX.chunkBytes;
  const stream = Buffer.concat([table, Buffer.alloc(sizeBytes, 7)]);
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const { stored } = streamOf(stream);
  const data = systemCompressedData({ stored, storedBytes: stream.byteLength, sizeBytes, packing: LZX });
  const pieces = await collect(data.read({ offset: 0, length: sizeBytes }));
  isDone = true;
  expect(Buffer.concat(pieces.map(({ bytes }) => bytes)).equals(Buffer.alloc(sizeBytes, 7))).toBe(true);
  expect(turns).toBeGreaterThanOrEqual(chunks / 2 - 1);
});
