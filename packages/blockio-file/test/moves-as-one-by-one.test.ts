import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileDriver } from '@sendense/blockio-file';
import type { TransferRequest } from '@sendense/core';
import { loadBlake3 } from '@sendense/plugin-kit/digest';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { seededBytes, seededInteger, seededRandom } from '@sendense/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';

const PIECE = 4096;

/** Bytes of a buffer and of a disk, the longest moves in pieces, and how rarely one begins or ends off the pages. */
type Shape = {
  readonly buffer: number;
  readonly disk: number;
  readonly longest: readonly number[];
  readonly grid: number;
  readonly offGrid: number;
};
const SMALL: Shape = { buffer: 16 * PIECE, disk: 96 * PIECE, longest: [1, 3, 20], grid: 1, offGrid: 3 };
/** Large enough for writes past the page cache, beside which lie some through it. */
const LARGE: Shape = {
  buffer: 256 * PIECE,
  disk: 3072 * PIECE,
  longest: [3, 80, 600],
  grid: PIECE,
  offGrid: 24,
};
/** A disk repeats after this many bytes, no multiple of a piece: what was moved by some pieces shows. */
const PERIOD = 1_000_003;

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
function diskBytes(random: Random, { disk: size }: Shape): Buffer {
  const seed = 1 + seededInteger(random, 1e6);
  const disk = Buffer.alloc(size, seededBytes(seed, Math.min(size, PERIOD)));
  for (let run = 0; run < 12; run++) {
    const start = seededInteger(random, size / 512) * 512;
    disk.fill(0, start, Math.min(size, start + seededInteger(random, 6 * PIECE)));
  }
  return disk;
}

function lengthOf(random: Random, { longest, offGrid }: Shape): number {
  const pieces = longest[seededInteger(random, 3)] ?? 1;
  const length = 1 + seededInteger(random, pieces * PIECE);
  return seededInteger(random, offGrid) === 0 ? length : Math.ceil(length / PIECE) * PIECE;
}

/** Moves that follow each other, with gaps now and then, or that lie anywhere. */
function someMoves(random: Random, shape: Shape, action: Action, sources: number): readonly Move[] {
  const { disk, grid } = shape;
  const onGrid = (at: number) => Math.ceil(at / grid) * grid;
  const [gaps, anywhere] = [
    seededInteger(random, 2) === 1,
    action !== 'pack' && seededInteger(random, 3) === 0,
  ];
  const moves: Move[] = [];
  let [source, destination] = [0, onGrid(seededInteger(random, 4) * 512)];
  for (let count = 4 + seededInteger(random, 20); count > 0; count--) {
    const length = lengthOf(random, shape);
    if (seededInteger(random, 3) === 0) source = seededInteger(random, disk);
    if (action !== 'pack' && gaps && seededInteger(random, 4) === 0)
      destination = onGrid(destination + seededInteger(random, 3 * PIECE));
    if (anywhere) destination = onGrid(seededInteger(random, disk));
    if (source + length > disk) source = 0;
    if (destination + length > disk) break;
    moves.push([seededInteger(random, sources), source, destination, length]);
    source += length;
    destination += length;
  }
  return moves;
}

/** What moves leave when each buffer of each is read and written before the next: nothing is gathered. */
async function oneByOne(
  sources: readonly Buffer[],
  to: Buffer,
  moves: readonly Move[],
  action: Action,
  buffer: number,
) {
  const blake3 = await loadBlake3();
  const zeros: number[][] = [];
  const digests: Uint8Array[] = [];
  let packed = 0;
  for (const [index, [from, source, destination, length]] of moves.entries()) {
    const read: Buffer[] = [];
    for (let start = 0; start < length; start += buffer) {
      const part = Buffer.from(
        sources[from]?.subarray(source + start, source + Math.min(length, start + buffer)) ?? [],
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

/** Files that count what is written past the page cache; `opened` where their file system can. */
function countingFiles() {
  const seen = { opened: false, pastCache: 0 };
  const fileSystem: FileSystem = {
    ...nodeFileSystem,
    open: async (path, mode) => {
      const handle = await nodeFileSystem.open(path, mode);
      const openPastCache = handle.openPastCache?.bind(handle);
      handle.openPastCache = async () => {
        const past = await openPastCache?.();
        if (past === undefined) return undefined;
        seen.opened = true;
        const write = past.write.bind(past);
        past.write = async (data, position) => {
          await write(data, position);
          seen.pastCache += 1;
        };
        return past;
      };
      return handle;
    },
  };
  return { seen, fileSystem };
}

const shapes = { small: SMALL, large: LARGE } as const;
const actions = ['skip', 'write', 'pack'] as const;
const small = actions.flatMap((action) =>
  [false, true].flatMap((inside) =>
    Array.from({ length: 12 }, (_, seed) => ['small', action, inside, seed] as const),
  ),
);
const large = Array.from(
  { length: 8 },
  (_, seed) => ['large', actions[seed % actions.length] ?? 'skip', seed % 4 === 3, seed] as const,
);

it.each([...small, ...large])(
  'moves as one move after another would (%s, zeros: %s, inside one file: %o, seed %i)',
  async (size, action, inside, seed) => {
    const random = seededRandom(1 + seed);
    const shape = shapes[size];
    const [a, b, to] = [diskBytes(random, shape), diskBytes(random, shape), diskBytes(random, shape)];
    const endpoint = (name: string) => ({ kind: 'file', path: join(folder, name) }) as const;
    for (const [name, bytes] of Object.entries({ a, b, to })) await writeFile(endpoint(name).path, bytes);
    const from = [endpoint('a'), endpoint('b'), ...(inside ? [endpoint('to')] : [])];
    const moves = someMoves(random, shape, action, from.length);
    const { seen, fileSystem } = countingFiles();
    const driver = createFileDriver({ bufferBytes: shape.buffer }, { fileSystem });
    const zeros = { pieceBytes: PIECE, action };
    const packed = Float64Array.from(moves.flat());
    const result = await driver.transfer?.({ from, to: endpoint('to'), digest: true, moves: packed, zeros });
    const wanted = await oneByOne([a, b, to], to, moves, action, shape.buffer);
    expect(Buffer.compare(await readFile(endpoint('to').path), to)).toBe(0);
    expect(Buffer.compare(result?.digests ?? Buffer.alloc(0), wanted.digests)).toBe(0);
    expect([...(result?.zeros ?? [])]).toEqual(wanted.zeros.flat());
    if (size === 'large' && seen.opened) expect(seen.pastCache).toBeGreaterThan(0);
  },
);
