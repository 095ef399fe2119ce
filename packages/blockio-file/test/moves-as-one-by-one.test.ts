import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileDriver } from '@sendense/blockio-file';
import type { TransferRequest } from '@sendense/core';
import { loadBlake3 } from '@sendense/plugin-kit/digest';
import { seededBytes, seededInteger, seededRandom } from '@sendense/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';

const PIECE = 4096;
const BUFFER = 16 * PIECE;
const DISK = 96 * PIECE;

/** `[from index, source, destination, length]` */
type Move = readonly [number, number, number, number];
type Action = TransferRequest['zeros']['action'];
type Random = () => number;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-moves-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Random bytes with runs of zeros, some of them off the grid. */
function diskBytes(random: Random): Buffer {
  const disk = Buffer.from(seededBytes(1 + seededInteger(random, 1e6), DISK));
  for (let run = 0; run < 12; run++) {
    const start = seededInteger(random, DISK / 512) * 512;
    disk.fill(0, start, Math.min(DISK, start + seededInteger(random, 6 * PIECE)));
  }
  return disk;
}

function lengthOf(random: Random): number {
  const pieces = [1, 3, 20][seededInteger(random, 3)] ?? 1;
  const length = 1 + seededInteger(random, pieces * PIECE);
  return seededInteger(random, 3) === 0 ? length : Math.ceil(length / PIECE) * PIECE;
}

/** Moves that follow each other, with gaps now and then, or that lie anywhere. */
function someMoves(random: Random, action: Action, sources: number): readonly Move[] {
  const [gaps, anywhere] = [
    seededInteger(random, 2) === 1,
    action !== 'pack' && seededInteger(random, 3) === 0,
  ];
  const moves: Move[] = [];
  let [source, destination] = [0, seededInteger(random, 4) * 512];
  for (let count = 4 + seededInteger(random, 20); count > 0; count--) {
    const length = lengthOf(random);
    if (seededInteger(random, 3) === 0) source = seededInteger(random, DISK);
    if (action !== 'pack' && gaps && seededInteger(random, 4) === 0)
      destination += seededInteger(random, 3 * PIECE);
    if (anywhere) destination = seededInteger(random, DISK);
    if (source + length > DISK) source = 0;
    if (destination + length > DISK) break;
    moves.push([seededInteger(random, sources), source, destination, length]);
    source += length;
    destination += length;
  }
  return moves;
}

/** What moves leave when each buffer of each is read and written before the next: nothing is gathered. */
async function oneByOne(sources: readonly Buffer[], to: Buffer, moves: readonly Move[], action: Action) {
  const blake3 = await loadBlake3();
  const zeros: number[][] = [];
  const digests: Uint8Array[] = [];
  let packed = 0;
  for (const [index, [from, source, destination, length]] of moves.entries()) {
    const read: Buffer[] = [];
    for (let start = 0; start < length; start += BUFFER) {
      const part = Buffer.from(
        sources[from]?.subarray(source + start, source + Math.min(length, start + BUFFER)) ?? [],
      );
      read.push(part);
      for (let at = 0; at < part.length; at += PIECE) {
        const piece = part.subarray(at, at + PIECE);
        const isZero = piece.length === PIECE && piece.every((byte) => byte === 0);
        if (isZero) zeros.push([index, start + at, PIECE]);
        if (isZero && action === 'pack') packed += PIECE;
        if (!isZero || action === 'write') piece.copy(to, destination + start + at - packed);
      }
    }
    digests.push(blake3(Buffer.concat(read)));
  }
  return { zeros: joined(zeros), digests: Buffer.concat(digests) };
}

function joined(zeros: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const runs: [number, number, number][] = [];
  for (const [move = 0, start = 0, length = 0] of zeros) {
    const last = runs.at(-1);
    if (last !== undefined && last[0] === move && last[1] + last[2] === start) last[2] += length;
    else runs.push([move, start, length]);
  }
  return runs;
}

const cases = (['skip', 'write', 'pack'] as const).flatMap((action) =>
  [false, true].flatMap((inside) => Array.from({ length: 12 }, (_, seed) => [action, inside, seed] as const)),
);

it.each(cases)(
  'moves as one move after another would (zeros: %s, inside one file: %o, seed %i)',
  async (action, inside, seed) => {
    const random = seededRandom(1 + seed);
    const [a, b, to] = [diskBytes(random), diskBytes(random), diskBytes(random)];
    const endpoint = (name: string) => ({ kind: 'file', path: join(folder, name) }) as const;
    for (const [name, bytes] of Object.entries({ a, b, to })) await writeFile(endpoint(name).path, bytes);
    const from = [endpoint('a'), endpoint('b'), ...(inside ? [endpoint('to')] : [])];
    const moves = someMoves(random, action, from.length);
    const driver = createFileDriver({ bufferBytes: BUFFER });
    const zeros = { pieceBytes: PIECE, action };
    const packed = Float64Array.from(moves.flat());
    const result = await driver.transfer?.({ from, to: endpoint('to'), digest: true, moves: packed, zeros });
    const wanted = await oneByOne([a, b, to], to, moves, action);
    expect(Buffer.compare(await readFile(endpoint('to').path), to)).toBe(0);
    expect(Buffer.compare(result?.digests ?? Buffer.alloc(0), wanted.digests)).toBe(0);
    expect([...(result?.zeros ?? [])]).toEqual(wanted.zeros.flat());
  },
);
