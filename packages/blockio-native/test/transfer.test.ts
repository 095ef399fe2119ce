import { readdirSync } from 'node:fs';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createNativeDriver } from '@sendense/blockio-native';
import type { Call, TransferRequest } from '@sendense/core';
import { loadBlake3 } from '@sendense/plugin-kit/digest';
import { seededBytes } from '@sendense/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeNative } from './fixtures.ts';

const PIECE = 64 * 1024;
const MIB = 1024 * 1024;
const LEAK_ROUNDS = 10_000;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-transfer-'));
});
afterEach(() => rm(folder, { recursive: true }));

type FileEnd = { readonly kind: 'file'; readonly path: string };

async function file(name: string, content: Uint8Array): Promise<FileEnd> {
  const path = join(folder, name);
  await writeFile(path, content);
  return { kind: 'file', path };
}

const pieces = (...values: number[]) => Buffer.concat(values.map((value) => Buffer.alloc(PIECE, value)));

function transfer(
  from: FileEnd[],
  to: FileEnd,
  moves: number[],
  rest: Partial<TransferRequest> = {},
  call?: Call,
) {
  const zeros = { pieceBytes: PIECE, action: 'skip' } as const;
  const request = { from, to, moves: Float64Array.from(moves), digest: false, zeros, ...rest };
  const started = createNativeDriver().transfer?.(request, call);
  if (started === undefined) throw new TypeError('the driver offers no transfer');
  return started;
}

/** Descriptors of files below the folder of the test. */
function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

describeNative('a native transfer', () => {
  it('moves ranges of several sources and digests each, however they lie', async () => {
    const a = Buffer.from(seededBytes(1, 5 * MIB));
    const b = Buffer.from(seededBytes(2, MIB));
    const from = [await file('a', a), await file('b', b)];
    const to = await file('to', Buffer.alloc(8 * MIB, 7));
    const moves = [0, 77, 5, 4 * MIB + 3, 1, 1, 6 * MIB, 300, 1, 301, 6 * MIB + 300, PIECE];
    const { digests, zeros } = await transfer(from, to, moves, { digest: true });
    const expected = Buffer.alloc(8 * MIB, 7);
    a.copy(expected, 5, 77, 77 + 4 * MIB + 3);
    b.copy(expected, 6 * MIB, 1, 301 + PIECE);
    expect(Buffer.compare(await readFile(to.path), expected)).toBe(0);
    const blake3 = await loadBlake3();
    const parts = [a.subarray(77, 80 + 4 * MIB), b.subarray(1, 301), b.subarray(301, 301 + PIECE)];
    expect(Buffer.compare(digests ?? Buffer.alloc(0), Buffer.concat(parts.map(blake3)))).toBe(0);
    expect(zeros).toEqual(new Float64Array());
  });

  it('frees the storage of zeros that it is to write', async () => {
    const from = [await file('from', Buffer.concat([pieces(1), Buffer.alloc(4 * MIB), pieces(2)]))];
    const to = await file('to', Buffer.alloc(4 * MIB + 2 * PIECE, 7));
    const whole = [0, 0, 0, 4 * MIB + 2 * PIECE];
    const before = (await stat(to.path)).blocks;
    const { zeros } = await transfer(from, to, whole, { zeros: { pieceBytes: PIECE, action: 'write' } });
    expect([...zeros]).toEqual([0, PIECE, 4 * MIB]);
    const [source] = from;
    expect(Buffer.compare(await readFile(to.path), await readFile(source?.path ?? ''))).toBe(0);
    expect((await stat(to.path)).blocks).toBeLessThan(before / 4);
  });

  it('names the end that failed, by a code', async () => {
    const to = await file('to', pieces(7));
    const missing: FileEnd = { kind: 'file', path: join(folder, 'nothing') };
    const move = [0, 0, 0, PIECE];
    await expect(transfer([missing], to, move)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      context: expect.objectContaining({ path: missing.path }),
    });
    await expect(transfer([to], { kind: 'file', path: folder }, move)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining(folder),
    });
  });

  it('says how far it is, and the end', async () => {
    const from = [await file('from', Buffer.alloc(16 * MIB, 1))];
    const to = await file('to', Buffer.alloc(16 * MIB));
    const seen: number[] = [];
    const call: Call = { onProgress: ({ done }) => seen.push(done) };
    await transfer(from, to, [0, 0, 0, 16 * MIB], { digest: true }, call);
    expect(seen.at(-1)).toBe(16 * MIB);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  it('survives a storm of transfers that are cancelled at any moment, and writes nothing afterwards', async () => {
    const size = 32 * MIB;
    const from = [await file('from', Buffer.alloc(size, 1))];
    const to = await file('to', Buffer.alloc(size));
    const before = openFiles();
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const abort = new AbortController();
        const running = transfer(from, to, [0, 0, 0, size], { digest: true }, { signal: abort.signal });
        setTimeout(() => abort.abort(), index % 20);
        return await running.then(
          () => 'done',
          (error: { readonly code: string }) => error.code,
        );
      }),
    );
    expect(outcomes.filter((outcome) => outcome !== 'done' && outcome !== 'ABORTED')).toEqual([]);
    expect(outcomes).toContain('ABORTED');
    await writeFile(to.path, Buffer.alloc(size));
    await delay(30);
    expect(Buffer.compare(await readFile(to.path), Buffer.alloc(size))).toBe(0);
    expect(openFiles()).toBeLessThanOrEqual(before);
  });

  it('leaves no file open, no thread and no memory behind, over many transfers', async () => {
    const from = [await file('from', pieces(1, 0, 2, 3))];
    const to = await file('to', pieces(7, 7, 7, 7));
    const run = async (times: number) => {
      for (let round = 0; round < times; round += 4) {
        const one = () => transfer(from, to, [0, 0, 0, 4 * PIECE, 0, 0, 0, 5], { digest: true });
        await Promise.all([one(), one(), one(), one()]);
      }
    };
    const held = () => ({
      files: openFiles(),
      threads: readdirSync('/proc/self/task').length,
      bytes: process.memoryUsage().rss,
    });
    await run(1000);
    const before = held();
    await run(LEAK_ROUNDS);
    const after = held();
    expect(after.files).toBeLessThanOrEqual(before.files);
    expect(after.threads).toBeLessThanOrEqual(before.threads + 2);
    // a leak of one buffer in three hundred transfers would be more than this
    expect(after.bytes - before.bytes).toBeLessThan(32 * MIB);
  });

  it('keeps what it writes apart from a source that became shorter', async () => {
    const from = await file('from', pieces(1, 2));
    const to = await file('to', pieces(7, 7));
    await using reader = await createNativeDriver().openReader(from);
    const handle = await open(from.path, 'r+');
    await handle.truncate(100);
    await handle.close();
    await expect(reader.read(0, new Uint8Array(PIECE))).rejects.toMatchObject({ code: 'INSTANT_LOST' });
    await expect(transfer([from], to, [0, 0, 0, PIECE])).rejects.toMatchObject({ code: 'RANGE_INVALID' });
    expect(Buffer.compare(await readFile(to.path), pieces(7, 7))).toBe(0);
  });
});
