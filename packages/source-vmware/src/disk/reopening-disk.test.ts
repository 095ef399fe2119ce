import { type BlockReader, SendenseError } from '@sendense/core';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { openReopeningDisk } from './reopening-disk.ts';

const gone = () => new SendenseError('NOT_FOUND', 'the file is not there', { operation: 'read' });

/** A disk that reads as `byte`, or fails with what `failure` gives. */
function disk(byte: number, failure?: () => SendenseError) {
  let closed = 0;
  const reader: BlockReader = {
    sizeBytes: 512,
    limits: { alignmentBytes: 1, maxBytes: 512, maxInFlight: 4, order: 'random' },
    async read(_offset, into) {
      if (failure !== undefined) throw failure();
      into.fill(byte);
    },
    async *extents({ offset, length }) {
      const half = Math.min(length, 256);
      yield { offset, length: half, kind: 'data' };
      if (failure !== undefined) throw failure();
      if (half < length) yield { offset: offset + half, length: length - half, kind: 'zero' };
    },
    async [Symbol.asyncDispose]() {
      closed += 1;
    },
  };
  return { reader, closed: () => closed };
}

async function opened(...disks: ReturnType<typeof disk>[]) {
  const left = [...disks];
  let opens = 0;
  const reader = await openReopeningDisk(async () => {
    opens += 1;
    const next = left.shift();
    if (next === undefined) throw gone();
    return next.reader;
  });
  return { reader, opens: () => opens };
}

describe('a disk whose files may move', () => {
  it('is opened again when a file is gone, once for all reads that meet it', async () => {
    const [first, second] = [disk(0, gone), disk(7)];
    const { reader, opens } = await opened(first, second);
    const parts = [new Uint8Array(4), new Uint8Array(4), new Uint8Array(4)];
    await Promise.all(parts.map((part) => reader.read(0, part)));
    expect(parts).toEqual(parts.map(() => new Uint8Array(4).fill(7)));
    expect(opens()).toBe(2);
    await reader[Symbol.asyncDispose]();
    expect([first.closed(), second.closed()]).toEqual([1, 1]);
  });

  it.each([
    ['it cannot be opened again', [disk(0, gone)]],
    ['the file is gone there, too', [disk(0, gone), disk(0, gone)]],
  ])('has lost its instant when %s', async (_when, disks) => {
    const { reader } = await opened(...disks);
    await expect(reader.read(0, new Uint8Array(4))).rejects.toMatchObject({ code: 'INSTANT_LOST' });
  });

  it('goes on telling its extents where it ended when a file is gone', async () => {
    const { reader, opens } = await opened(disk(0, gone), disk(7));
    expect(await collect(reader.extents({ offset: 0, length: 512 }))).toEqual([
      { offset: 0, length: 256, kind: 'data' },
      { offset: 256, length: 256, kind: 'data' },
    ]);
    expect(opens()).toBe(2);
  });

  it('has lost its instant when its extents cannot be told by the files of now', async () => {
    const { reader } = await opened(disk(0, gone), disk(0, gone));
    const extents = collect(reader.extents({ offset: 0, length: 512 }));
    await expect(extents).rejects.toMatchObject({ code: 'INSTANT_LOST' });
  });

  it('passes any other failure on, and is not opened for it', async () => {
    const denied = () => new SendenseError('PERMISSION_DENIED', 'no', { operation: 'read' });
    const { reader, opens } = await opened(disk(0, denied), disk(7));
    await expect(reader.read(0, new Uint8Array(4))).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(opens()).toBe(1);
  });

  it('is not read once it was closed', async () => {
    const { reader } = await opened(disk(7));
    await reader[Symbol.asyncDispose]();
    await expect(reader.read(0, new Uint8Array(4))).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });
});
