import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileDriver } from '@sendense/blockio-file';
import { createNativeDriver } from '@sendense/blockio-native';
import {
  type BlockIoDriver,
  type BlockReader,
  copyBlocks,
  type Extent,
  type Pace,
  SendenseError,
  type TransferRequest,
} from '@sendense/core';
import { createPace } from '@sendense/plugin-kit';
import { seededBytes } from '@sendense/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeNative } from './fixtures.ts';

const PIECE = 64 * 1024;
const SIZE = 40 * PIECE;
let folder: string;
let content: Buffer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-copy-'));
  content = Buffer.from(seededBytes(7, SIZE)).fill(0, 10 * PIECE, 14 * PIECE);
  await writeFile(join(folder, 'from'), content);
  await writeFile(join(folder, 'to'), '');
  await truncate(join(folder, 'to'), SIZE);
});
afterEach(() => rm(folder, { recursive: true }));

/** A driver whose transfers are remembered. */
function watched(driver: BlockIoDriver) {
  const requests: TransferRequest[] = [];
  const transfer: NonNullable<BlockIoDriver['transfer']> = async (request, call) => {
    requests.push(request);
    const moved = await driver.transfer?.(request, call);
    if (moved === undefined) throw new TypeError('the driver offers no transfer');
    return moved;
  };
  return { driver: { ...driver, transfer }, requests };
}

async function* listed(...extents: readonly Extent[]): AsyncGenerator<Extent> {
  yield* extents;
}

const WHOLE = { offset: 0, length: SIZE, kind: 'data' } as const;
const stored = () => readFile(join(folder, 'to'));

/** Copies the source to the destination by a driver, which is watched. */
function copier(create: () => BlockIoDriver) {
  return async function copy(
    change: (reader: BlockReader) => Partial<BlockReader> = () => ({}),
    rest: { readonly pace?: Pace; readonly extents?: readonly Extent[] } = {},
  ) {
    const { driver, requests } = watched(create());
    await using opened = await driver.openReader({ kind: 'file', path: join(folder, 'from') });
    await using to = await driver.openWriter({ kind: 'file', path: join(folder, 'to') });
    const from: BlockReader = {
      sizeBytes: opened.sizeBytes,
      limits: opened.limits,
      read: (offset, into) => opened.read(offset, into),
      extents: (range) => opened.extents(range),
      locate: (range) => opened.locate?.(range) ?? nowhere(),
      [Symbol.asyncDispose]: async () => undefined,
      ...change(opened),
    };
    const done: number[] = [];
    const { extents = [WHOLE], pace } = rest;
    const request = { from, to, driver, extents: listed(...extents), ...(pace && { pace }) };
    const result = await copyBlocks(request, { onProgress: (progress) => done.push(progress.done) });
    await to.flush();
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    return { result, requests };
  };
}

function copiesWith(create: () => BlockIoDriver): void {
  const copy = copier(create);

  it('moves located bytes by transfers, and counts what was read, written and zero', async () => {
    const { result, requests } = await copy();
    expect(requests.length).toBeGreaterThan(0);
    expect(result).toEqual({
      bytesRead: SIZE,
      bytesWritten: SIZE - 4 * PIECE,
      bytesZeroed: 4 * PIECE,
      bytesUnchanged: 0,
    });
    expect(Buffer.compare(await stored(), content)).toBe(0);
  });

  it('makes zero what is zero, in a destination that held something else', async () => {
    await writeFile(join(folder, 'to'), Buffer.alloc(SIZE, 9));
    const extents: Extent[] = [
      { offset: 0, length: 12 * PIECE, kind: 'data' },
      { offset: 12 * PIECE, length: 2 * PIECE, kind: 'zero' },
    ];
    const { result } = await copy(undefined, { extents });
    expect(result).toMatchObject({ bytesRead: 12 * PIECE, bytesZeroed: 4 * PIECE });
    const expected = Buffer.concat([content.subarray(0, 14 * PIECE), Buffer.alloc(26 * PIECE, 9)]);
    expect(Buffer.compare(await stored(), expected)).toBe(0);
  });
}

function leavesToTheReader(create: () => BlockIoDriver): void {
  const copy = copier(create);

  it('reads by the reader what has no plain location', async () => {
    const { result, requests } = await copy(() => ({ locate: () => nowhere() }));
    expect(requests).toEqual([]);
    expect(result.bytesRead).toBe(SIZE);
    expect(Buffer.compare(await stored(), content)).toBe(0);
  });

  it('reads by the reader what is said to lie past the end of a file', async () => {
    await truncate(join(folder, 'from'), SIZE - 100);
    const bytes = Buffer.from(content).fill(0, SIZE - 100);
    const whole = {
      sizeBytes: SIZE,
      read: async (at: number, into: Uint8Array) => into.set(bytes.subarray(at, at + into.byteLength)),
    };
    const at = { endpoint: { kind: 'file', path: join(folder, 'from') }, offset: 0 } as const;
    const { requests } = await copy(() => ({
      ...whole,
      async *locate() {
        yield { offset: 0, length: SIZE, at };
      },
    }));
    expect(requests).toHaveLength(1);
    expect(Buffer.compare(await stored(), bytes)).toBe(0);
  });
}

function keepsToThePace(create: () => BlockIoDriver): void {
  const copy = copier(create);

  it('never moves more at once than the pace grants', async () => {
    const grants: number[] = [];
    const pace: Pace = {
      take: async (bytes) => {
        grants.push(Math.min(bytes, 7 * PIECE + 13));
        return grants.at(-1) ?? 0;
      },
    };
    const { requests } = await copy(undefined, { pace });
    const moved = requests.map(({ moves }) =>
      moves.filter((_, slot) => slot % 4 === 3).reduce((a, b) => a + b, 0),
    );
    expect(moved).toEqual(grants);
    expect(grants.length).toBeGreaterThan(5);
    expect(Buffer.compare(await stored(), content)).toBe(0);
  });

  it('goes on at the new rate when that is changed in the middle', async () => {
    // at this rate the rest would take weeks
    const slow = createPace(1);
    let asked = 0;
    const pace: Pace = {
      take: (bytes, call) => {
        asked += 1;
        if (asked === 2) setImmediate(() => slow.setRate(null));
        return slow.take(bytes, call);
      },
    };
    const { requests } = await copy(undefined, { pace });
    expect(requests.length).toBeGreaterThan(1);
    expect(Buffer.compare(await stored(), content)).toBe(0);
  });
}

/** What has no plain location, as compressed clusters have none. */
async function* nowhere(): AsyncGenerator<never> {
  yield* await Promise.reject<never[]>(
    new SendenseError('UNSUPPORTED', 'compressed', { operation: 'locate-range' }),
  );
}

describe('a copy by transfers of the TypeScript driver', () => {
  copiesWith(createFileDriver);
  leavesToTheReader(createFileDriver);
  keepsToThePace(createFileDriver);
});

describeNative('a copy by transfers of the native driver', () => {
  copiesWith(createNativeDriver);
  leavesToTheReader(createNativeDriver);
  keepsToThePace(createNativeDriver);

  it('gives back the space of zeros', async () => {
    await writeFile(join(folder, 'to'), Buffer.alloc(SIZE, 9));
    const driver = createNativeDriver();
    await using from = await driver.openReader({ kind: 'file', path: join(folder, 'from') });
    await using to = await driver.openWriter({ kind: 'file', path: join(folder, 'to') });
    await copyBlocks({ from, to, driver, extents: listed(WHOLE) });
    await to.flush();
    expect((await stat(join(folder, 'to'))).blocks * 512).toBeLessThanOrEqual(SIZE - 4 * PIECE);
    expect(Buffer.compare(await stored(), content)).toBe(0);
  });
});
