import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { SendenseError, type TransferRequest } from '@sendense/core';
import { loadBlake3 } from '@sendense/plugin-kit/digest';
import { type FileHandle, type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileDriver } from './blockio-file.ts';

const PIECE = 64 * 1024;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-file-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, content: Uint8Array): Promise<{ kind: 'file'; path: string }> {
  const path = join(folder, name);
  await writeFile(path, content);
  return { kind: 'file', path };
}

/** Pieces of one byte value each. */
const pieces = (...values: number[]) => Buffer.concat(values.map((value) => Buffer.alloc(PIECE, value)));

function request(
  from: TransferRequest['from'],
  to: TransferRequest['to'],
  moves: number[],
  rest: Partial<TransferRequest> = {},
): TransferRequest {
  const zeros = { pieceBytes: PIECE, action: 'skip' } as const;
  return { from, to, moves: Float64Array.from(moves), digest: false, zeros, ...rest };
}

/** Files whose handles go through `wrap`. */
const wrapped = (wrap: (handle: FileHandle, path: string) => FileHandle): FileSystem => ({
  ...nodeFileSystem,
  open: async (path, mode) => wrap(await nodeFileSystem.open(path, mode), path),
});

const forwarded = (handle: FileHandle, changes: Partial<FileHandle>): FileHandle => ({
  read: (into, position) => handle.read(into, position),
  write: (data, position) => handle.write(data, position),
  truncate: (size) => handle.truncate(size),
  sync: () => handle.sync(),
  size: () => handle.size(),
  [Symbol.asyncDispose]: () => handle[Symbol.asyncDispose](),
  ...changes,
});

describe('transfer', () => {
  it('moves ranges of several sources, over more than one buffer, and digests each move', async () => {
    const a = pieces(1, 2, 3, 4, 5);
    const b = pieces(9, 8);
    const from = [await file('a', a), await file('b', b)];
    const to = await file('to', pieces(7, 7, 7, 7, 7, 7));
    const moves = [0, PIECE - 10, 5, 3 * PIECE, 1, 1, 4 * PIECE, PIECE];
    const result = await createFileDriver({ bufferBytes: PIECE }).transfer?.(
      request(from, to, moves, { digest: true }),
    );
    const expected = pieces(7, 7, 7, 7, 7, 7);
    a.copy(expected, 5, PIECE - 10, 4 * PIECE - 10);
    b.copy(expected, 4 * PIECE, 1, PIECE + 1);
    expect(Buffer.compare(await readFile(to.path), expected)).toBe(0);
    const blake3 = await loadBlake3();
    const digests = [a.subarray(PIECE - 10, 4 * PIECE - 10), b.subarray(1, PIECE + 1)].map(blake3);
    expect(Buffer.compare(result?.digests ?? new Uint8Array(), Buffer.concat(digests))).toBe(0);
    expect(result?.zeros).toEqual(new Float64Array());
  });

  it.each([
    ['skip', pieces(1, 7, 7, 2, 7)],
    ['write', pieces(1, 0, 0, 2, 0)],
  ] as const)(
    'reports zero runs, joined over buffers, and with action %s leaves them so',
    async (action, expected) => {
      const from = [await file('from', pieces(1, 0, 0, 2, 0))];
      const to = await file('to', pieces(7, 7, 7, 7, 7));
      const result = await createFileDriver({ bufferBytes: PIECE }).transfer?.(
        request(from, to, [0, 0, 0, 5 * PIECE], { zeros: { pieceBytes: PIECE, action } }),
      );
      expect([...(result?.zeros ?? [])]).toEqual([0, PIECE, 2 * PIECE, 0, 4 * PIECE, PIECE]);
      expect(result).not.toHaveProperty('digests');
      expect(Buffer.compare(await readFile(to.path), expected)).toBe(0);
    },
  );

  it('aligns zero pieces to the start of the move', async () => {
    const from = [await file('from', pieces(0, 0, 1))];
    const to = await file('to', pieces(7, 7, 7));
    const result = await createFileDriver().transfer?.(request(from, to, [0, 100, 100, 3 * PIECE - 100]));
    expect([...(result?.zeros ?? [])]).toEqual([0, 0, PIECE]);
  });

  it('checks every move before it writes a byte', async () => {
    const from = [await file('from', pieces(1))];
    const to = await file('to', pieces(7));
    const moves = [0, 0, 0, PIECE, 0, 0, 1, PIECE];
    await expect(createFileDriver().transfer?.(request(from, to, moves))).rejects.toMatchObject({
      code: 'RANGE_INVALID',
    });
    expect(Buffer.compare(await readFile(to.path), pieces(7))).toBe(0);
  });

  it('writes nothing after an abort settles it, and has closed its files', async () => {
    const from = [await file('from', pieces(...Array(64).fill(1)))];
    const to = await file('to', pieces(...Array(64).fill(7)));
    const abort = new AbortController();
    let writes = 0;
    let openFiles = 0;
    const fileSystem = wrapped((handle) => {
      openFiles++;
      return forwarded(handle, {
        write: async (data, position) => {
          if (++writes === 3) abort.abort();
          await handle.write(data, position);
        },
        [Symbol.asyncDispose]: async () => {
          openFiles--;
          await handle[Symbol.asyncDispose]();
        },
      });
    });
    const driver = createFileDriver({ bufferBytes: PIECE }, { fileSystem });
    await expect(
      driver.transfer?.(request(from, to, [0, 0, 0, 64 * PIECE]), { signal: abort.signal }),
    ).rejects.toMatchObject({ code: 'ABORTED' });
    expect([writes, openFiles]).toEqual([3, 0]);
  });

  it('reads on while it writes, and has ended every write when it settles', async () => {
    const from = [await file('from', pieces(...Array(16).fill(1)))];
    const to = await file('to', pieces(...Array(16).fill(7)));
    let [writing, most] = [0, 0];
    const fileSystem = wrapped((handle) =>
      forwarded(handle, {
        write: async (data, position) => {
          writing++;
          most = Math.max(most, writing);
          for (let turn = 0; turn < 50; turn++) await setImmediate();
          await handle.write(data, position);
          writing--;
        },
      }),
    );
    const driver = createFileDriver({ bufferBytes: PIECE }, { fileSystem });
    await driver.transfer?.(request(from, to, [0, 0, 0, 16 * PIECE]));
    expect([writing, most > 1]).toEqual([0, true]);
    expect(Buffer.compare(await readFile(to.path), pieces(...Array(16).fill(1)))).toBe(0);
  });

  it('holds four buffers and no more', async () => {
    const from = [await file('from', pieces(...Array(32).fill(1)))];
    const to = await file('to', pieces(...Array(32).fill(7)));
    const buffers = new Set<number>();
    const fileSystem = wrapped((handle) =>
      forwarded(handle, {
        read: async (into, position) => {
          buffers.add(into.byteOffset);
          return await handle.read(into, position);
        },
      }),
    );
    await createFileDriver({ bufferBytes: PIECE }, { fileSystem }).transfer?.(
      request(from, to, [0, 0, 0, 32 * PIECE]),
    );
    expect(buffers.size).toBe(4);
  });

  it('gathers moves into one read and one write, past the page cache where its file system can', async () => {
    const content = pieces(...Array.from({ length: 16 }, (_, index) => 1 + index));
    const from = [await file('from', content)];
    const to = await file('to', pieces(...Array(16).fill(7)));
    const steps: string[] = [];
    const note = (step: string, { byteLength }: Uint8Array) =>
      void steps.push(`${step} ${byteLength / PIECE}`);
    const fileSystem = wrapped((handle, path) => {
      const name = path.endsWith('from') ? 'from' : 'to';
      const noted = (how: string): Partial<FileHandle> => ({
        read: async (into, position) => {
          note(`read ${name}`, into);
          return await handle.read(into, position);
        },
        write: async (data, position) => {
          note(`write ${how}`, data);
          await handle.write(data, position);
        },
      });
      const past = forwarded(handle, {
        ...noted('past'),
        [Symbol.asyncDispose]: async () => void steps.push('close'),
      });
      return forwarded(handle, { ...noted('cached'), openPastCache: async () => past });
    });
    const moves = Array.from({ length: 16 }, (_, index) => [0, index * PIECE, index * PIECE, PIECE]).flat();
    await createFileDriver({}, { fileSystem }).transfer?.(request(from, to, moves));
    expect(steps).toEqual(['read from 16', 'write past 16', 'close']);
    expect(Buffer.compare(await readFile(to.path), content)).toBe(0);
  });

  it('rejects with the failure of a read ahead, after the write under way has ended', async () => {
    const from = [await file('from', pieces(1, 2, 3))];
    const to = await file('to', pieces(7, 7, 7));
    let writing = 0;
    const fileSystem = wrapped((handle, path) =>
      forwarded(handle, {
        read: async (into, position) => {
          if (path.endsWith('from') && position > 0) {
            throw new SendenseError('CORRUPT', 'bad sector', { operation: 'read-file' });
          }
          return await handle.read(into, position);
        },
        write: async (data, position) => {
          writing++;
          await handle.write(data, position);
          writing--;
        },
      }),
    );
    const driver = createFileDriver({ bufferBytes: PIECE }, { fileSystem });
    await expect(driver.transfer?.(request(from, to, [0, 0, 0, 3 * PIECE]))).rejects.toMatchObject({
      code: 'CORRUPT',
    });
    expect(writing).toBe(0);
    expect(Buffer.compare(await readFile(to.path), pieces(1, 7, 7))).toBe(0);
  });

  it('rejects with the failure of a write only after the read ahead has ended', async () => {
    const from = [await file('from', pieces(1, 2, 3))];
    const to = await file('to', pieces(7, 7, 7));
    let reading = 0;
    const fileSystem = wrapped((handle) =>
      forwarded(handle, {
        read: async (into, position) => {
          reading++;
          for (let turn = 0; turn < 50; turn++) await setImmediate();
          const count = await handle.read(into, position);
          reading--;
          return count;
        },
        write: () => Promise.reject(new SendenseError('NO_SPACE', 'full', { operation: 'write-file' })),
      }),
    );
    const driver = createFileDriver({ bufferBytes: PIECE }, { fileSystem });
    await expect(driver.transfer?.(request(from, to, [0, 0, 0, 3 * PIECE]))).rejects.toMatchObject({
      code: 'NO_SPACE',
    });
    expect(reading).toBe(0);
  });

  it('rejects with the failure of a write, not with that of closing its files, and closes all of them', async () => {
    const from = [await file('from', pieces(1, 2, 3))];
    const to = await file('to', pieces(7, 7, 7));
    const closed: string[] = [];
    const failing = (handle: FileHandle, name: string, close: () => PromiseLike<void>) =>
      forwarded(handle, {
        write: () => Promise.reject(new SendenseError('NO_SPACE', 'full', { operation: 'write-file' })),
        [Symbol.asyncDispose]: async () => {
          await close();
          closed.push(name);
          throw new SendenseError('CORRUPT', 'an I/O error', { operation: 'close-file' });
        },
      });
    const fileSystem = wrapped((handle, path) => ({
      ...failing(handle, basename(path), () => handle[Symbol.asyncDispose]()),
      openPastCache: async () => failing(handle, 'past', async () => undefined),
    }));
    const driver = createFileDriver({}, { fileSystem });
    await expect(driver.transfer?.(request(from, to, [0, 0, 0, 3 * PIECE]))).rejects.toMatchObject({
      code: 'NO_SPACE',
    });
    expect(closed.toSorted()).toEqual(['from', 'past', 'to']);
  });

  it('rejects with the failure of closing a file whose bytes were moved', async () => {
    const from = [await file('from', pieces(1, 2, 3))];
    const to = await file('to', pieces(7, 7, 7));
    const fileSystem = wrapped((handle, path) =>
      forwarded(handle, {
        [Symbol.asyncDispose]: async () => {
          await handle[Symbol.asyncDispose]();
          if (path === to.path)
            throw new SendenseError('CORRUPT', 'an I/O error', { operation: 'close-file' });
        },
      }),
    );
    const driver = createFileDriver({}, { fileSystem });
    await expect(driver.transfer?.(request(from, to, [0, 0, 0, 3 * PIECE]))).rejects.toMatchObject({
      code: 'CORRUPT',
    });
  });

  it('says INSTANT_LOST when a source is cut short while it is read', async () => {
    const from = [await file('from', pieces(1, 2, 3, 4))];
    const to = await file('to', pieces(7, 7, 7, 7));
    const fileSystem = wrapped((handle) =>
      forwarded(handle, {
        write: async (data, position) => {
          const source = await open(from[0]?.path ?? '', 'r+');
          await source.truncate(PIECE);
          await source.close();
          await handle.write(data, position);
        },
      }),
    );
    const driver = createFileDriver({ bufferBytes: PIECE }, { fileSystem });
    await expect(driver.transfer?.(request(from, to, [0, 0, 0, 4 * PIECE]))).rejects.toMatchObject({
      code: 'INSTANT_LOST',
    });
  });

  it('reports progress at most a few times a second, and the end', async () => {
    const from = [await file('from', pieces(1, 2, 3, 4))];
    const to = await file('to', pieces(7, 7, 7, 7));
    const seen: number[] = [];
    let now = 0;
    const clock = { monotonicMs: () => (now += 100) };
    await createFileDriver({ bufferBytes: PIECE }, { clock }).transfer?.(
      request(from, to, [0, 0, 0, 4 * PIECE]),
      {
        onProgress: ({ done, total }) => seen.push(done / PIECE, (total ?? 0) / PIECE),
      },
    );
    expect(seen).toEqual([1, 4, 4, 4]);
  });
});
