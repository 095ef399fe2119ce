import { describe, expect, it } from 'vitest';
import { list, turns } from '../../test/support/memory-disk.ts';
import { SendenseError } from '../errors/sendense-error.ts';
import type { ByteRange, Extent } from '../values/extent.ts';
import type { BlockEndpoint } from './block-endpoint.ts';
import type { BlockIoDriver } from './block-io-driver.ts';
import type { BlockReader, LocatedRange } from './block-reader.ts';
import type { BlockWriter } from './block-writer.ts';
import { copyBlocks } from './copy-blocks.ts';
import { MOVE_SLOTS, type TransferRequest } from './transfer.ts';

const MIB = 1024 * 1024;
const SIZE = 1024 * MIB;
const limits = { alignmentBytes: 512, maxBytes: MIB, maxInFlight: 4, order: 'random' } as const;
const file = (path: string): BlockEndpoint => ({ kind: 'file', path });

type Locate = (range: ByteRange) => LocatedRange | Promise<LocatedRange>;
const inFile: Locate = (range) => ({ ...range, at: { endpoint: file('/a'), offset: range.offset } });

/** A writer at an endpoint that is not written to. */
const writer: BlockWriter = {
  sizeBytes: SIZE,
  limits,
  rewritable: true,
  untouched: 'zero',
  write: async () => undefined,
  zero: async () => undefined,
  flush: async () => undefined,
  endpoint: async () => file('/b'),
  [Symbol.asyncDispose]: async () => undefined,
};

/** A copy of a large disk without bytes, by a driver that only notes what it is asked for. */
function parts(locate: Locate = inFile) {
  const seen = { located: 0, transfers: [] as number[], read: 0, running: 0, most: 0 };
  const reader: BlockReader = {
    sizeBytes: SIZE,
    limits,
    async read(_, into) {
      seen.read += into.byteLength;
    },
    extents: () => list<Extent>([{ offset: 0, length: SIZE, kind: 'data' }]),
    async *locate(range) {
      seen.located = range.offset + range.length;
      yield await locate(range);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const ends: (() => void)[] = [];
  let held = false;
  let failure: SendenseError | undefined;
  const driver: BlockIoDriver = {
    specificationVersion: 'v1',
    name: 'noting',
    supports: () => true,
    openReader: () => Promise.reject(new Error('not asked for')),
    openWriter: () => Promise.reject(new Error('not asked for')),
    async transfer({ moves }: TransferRequest, call) {
      seen.transfers.push(
        moves.filter((_, slot) => slot % MOVE_SLOTS === 3).reduce((sum, one) => sum + one, 0),
      );
      seen.running += 1;
      seen.most = Math.max(seen.most, seen.running);
      if (held)
        await new Promise<void>((resolve) => {
          ends.push(resolve);
          call?.signal?.addEventListener('abort', () => resolve());
        });
      await turns(20);
      seen.running -= 1;
      if (failure !== undefined) throw failure;
      return { zeros: new Float64Array() };
    },
  };
  const release = () => {
    held = false;
    for (const end of ends) end();
  };
  return {
    seen,
    copy: () =>
      copyBlocks({ from: reader, to: writer, extents: reader.extents({ offset: 0, length: SIZE }), driver }),
    hold: () => {
      held = true;
    },
    release,
    fail: (error: SendenseError) => {
      failure = error;
      release();
    },
  };
}

describe('a copy by transfers', () => {
  it('begins with little, goes on with more, and runs one transfer at a time', async () => {
    const { seen, copy } = parts();
    expect(await copy()).toMatchObject({ bytesRead: SIZE, bytesWritten: SIZE });
    expect(seen.transfers.map((bytes) => bytes / MIB)).toEqual([64, 256, 256, 256, 192]);
    expect(seen.most).toBe(1);
  });

  it('plans the next transfer while one runs, and no further', async () => {
    const { seen, copy, hold, release } = parts();
    hold();
    const copied = copy();
    await turns(2000);
    expect([seen.transfers.length, seen.located / MIB]).toEqual([1, 64 + 256]);
    release();
    await copied;
  });

  it('stops the transfer that runs, and waits for it, when what comes next cannot be located', async () => {
    const { seen, copy, hold } = parts((range) => {
      if (range.offset < 64 * MIB) return inFile(range);
      throw new SendenseError('CORRUPT', 'a table is damaged', { operation: 'locate-range' });
    });
    hold();
    await expect(copy()).rejects.toMatchObject({ code: 'CORRUPT' });
    expect([seen.transfers.length, seen.running]).toEqual([1, 0]);
  });

  it.each([
    ['cannot be located', new SendenseError('CORRUPT', 'a table is damaged', { operation: 'locate-range' })],
    ['can be located', undefined],
  ])(
    'plans no further when the transfer that runs failed, and says why, also when the part %s',
    async (_, damage) => {
      const { seen, copy, hold, fail } = parts(async (range) => {
        if (range.offset < 64 * MIB) return inFile(range);
        fail(new SendenseError('NO_SPACE', 'full', { operation: 'transfer' }));
        await turns(2000);
        if (damage !== undefined) throw damage;
        return inFile(range);
      });
      hold();
      await expect(copy()).rejects.toMatchObject({ code: 'NO_SPACE' });
      expect([seen.transfers.length, seen.located / MIB]).toEqual([1, 64 + 16]);
    },
  );

  it('leaves to the loop no more than the part that has no plain location', async () => {
    const { seen, copy } = parts((range) => {
      if (range.offset !== 64 * MIB) return inFile(range);
      throw new SendenseError('UNSUPPORTED', 'compressed', { operation: 'locate-range' });
    });
    expect(await copy()).toMatchObject({ bytesRead: SIZE });
    expect(seen.read).toBe(16 * MIB);
    expect(seen.transfers.reduce((sum, bytes) => sum + bytes, 0)).toBe(SIZE - 16 * MIB);
  });
});
