import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { list, memoryReader, memoryWriter } from '../../test/support/memory-disk.ts';
import type { ByteRange, Extent } from '../values/extent.ts';
import { copyBlocks } from './copy-blocks.ts';
import type { CopyRequest } from './copy-request.ts';

const SEED = 20_261_121;
const SCALE = Number(process.env.SENDENSE_TEST_SCALE ?? 1);
const RUNS = 300 * SCALE;
const TIMEOUT_MS = 30_000 * Math.max(1, SCALE);

/** A disk whose bytes tell their position, with stretches of zeros; extents of it that say `zero` only where it is. */
const disk = fc
  .array(fc.record({ length: fc.integer({ min: 1, max: 5000 }), zero: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((runs) => {
    const bytes: number[] = [];
    for (const run of runs)
      for (let i = 0; i < run.length; i += 1) bytes.push(run.zero ? 0 : 1 + (bytes.length % 251));
    return Uint8Array.from(bytes);
  });

const gapsAndLengths = fc.array(fc.tuple(fc.nat(3000), fc.integer({ min: 1, max: 4000 }), fc.boolean()), {
  maxLength: 14,
});

function extentsOf(
  bytes: Uint8Array,
  shape: readonly (readonly [number, number, boolean])[],
  beyond: number,
): Extent[] {
  const extents: Extent[] = [];
  let position = 0;
  for (const [gap, length, askZero] of shape) {
    const offset = position + (gap % 3 === 0 ? 0 : gap);
    if (offset >= bytes.length + beyond) break;
    const end = Math.min(bytes.length + beyond, offset + length);
    const zero = askZero && bytes.subarray(offset, end).every((byte) => byte === 0);
    extents.push({ offset, length: end - offset, kind: zero ? 'zero' : 'data' });
    position = end;
  }
  return extents;
}

const power = (max: number) => fc.integer({ min: 0, max }).map((exponent) => 2 ** exponent);
const orders = fc.constantFrom<'random' | 'ascending'>('random', 'ascending');
const limits = fc.record({
  alignmentBytes: power(10),
  maxBytes: fc.integer({ min: 1, max: 5 }).map((count) => count * 1024),
  maxInFlight: fc.integer({ min: 1, max: 5 }),
  order: orders,
});

/** What the destination must read as: the source wherever a block of the wider grid holds a listed byte, else as before. */
function expected(
  source: Uint8Array,
  before: Uint8Array,
  extents: readonly Extent[],
  grid: number,
): Uint8Array {
  const after = Uint8Array.from(before);
  for (const { offset, length } of extents) {
    const end = Math.min(source.length, offset + length);
    if (offset >= end) continue;
    const from = offset - (offset % grid);
    const to = Math.min(source.length, Math.ceil(end / grid) * grid);
    after.set(source.subarray(from, to), from);
  }
  return after;
}

const pieces = fc.record({
  windowBytes: fc.integer({ min: 1, max: 40_000 }),
  zeroPieceBytes: power(12),
});

/** Ranges on the writer's grid that an earlier attempt made durable. */
function durableRanges(
  blocks: readonly (readonly [number, number])[],
  sizeBytes: number,
  alignmentBytes: number,
): ByteRange[] {
  const durable: ByteRange[] = [];
  let position = 0;
  for (const [gap, count] of blocks) {
    const offset = (position + gap) * alignmentBytes;
    const end = Math.min(sizeBytes, offset + count * alignmentBytes);
    if (offset >= end) break;
    durable.push({ offset, length: end - offset });
    position += gap + count;
  }
  return durable;
}

const isUnchangedPiece = (offset: number, unit: number): boolean => (offset / unit) % 3 === 1;

/** Whether every piece of the block at `start` is one that the destination has. */
function isUnchangedBlock(start: number, block: number, unit: number, sizeBytes: number): boolean {
  for (let piece = start; piece < Math.min(sizeBytes, start + block); piece += unit)
    if (!isUnchangedPiece(piece, unit)) return false;
  return true;
}

/** Calls every third piece unchanged, by turns at once and later; notes what was asked and what was asked wrongly. */
function everyThirdPiece(source: Uint8Array, unit: number) {
  const tested: number[] = [];
  const wrong: string[] = [];
  const unchanged: CopyRequest['unchanged'] = {
    pieceBytes: unit,
    test({ offset, length }, data) {
      tested.push(offset);
      // Thousands of pieces a run: a plain check is much cheaper here than `expect`.
      if (offset + length !== source.length && length !== unit) wrong.push(`short piece at ${offset}`);
      const claimed = data === 'zero' ? new Uint8Array(length) : data;
      if (Buffer.compare(claimed, source.subarray(offset, offset + length)) !== 0)
        wrong.push(`wrong bytes at ${offset}`);
      const answer = isUnchangedPiece(offset, unit);
      return tested.length % 2 === 0 ? answer : Promise.resolve(answer);
    },
  };
  return { unchanged, wrong, tested };
}

describe('copyBlocks, against a plain array', () => {
  it(
    'makes the destination equal the source on every block that holds a listed byte, and touches nothing else',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          disk,
          gapsAndLengths,
          limits,
          limits,
          pieces,
          fc.nat(3000),
          async (source, shape, from, to, sizes, more) => {
            const extents = extentsOf(source, shape, more);
            const grid = Math.max(from.alignmentBytes, to.alignmentBytes);
            const before = new Uint8Array(source.length + more).fill(255);
            const content = Uint8Array.from(before);
            const { reader, seen: read } = memoryReader(source, from);
            const { writer, seen } = memoryWriter(content, to);
            const result = await copyBlocks({ from: reader, to: writer, extents: list(extents), ...sizes });
            // The last block of the source is filled up with zeros when the destination is larger.
            const want = expected(source, before, extents, grid);
            const end = Math.min(
              content.length,
              Math.ceil(source.length / to.alignmentBytes) * to.alignmentBytes,
            );
            if (seen.calls.some((call) => call.offset + call.length > source.length))
              want.fill(0, source.length, end);
            expect(Buffer.compare(content, want)).toBe(0);
            expect(seen.most).toBeLessThanOrEqual(to.order === 'ascending' ? 1 : to.maxInFlight);
            expect(read.most).toBeLessThanOrEqual(from.order === 'ascending' ? 1 : from.maxInFlight);
            const covered = result.bytesWritten + result.bytesZeroed;
            const listed = expected(
              new Uint8Array(source.length).fill(1),
              new Uint8Array(source.length),
              extents,
              grid,
            ).reduce((sum, byte) => sum + byte, 0);
            expect(covered).toBe(listed);
            expect(result.bytesUnchanged).toBe(0);
          },
        ),
        { seed: SEED, numRuns: RUNS },
      );
    },
    TIMEOUT_MS,
  );

  it(
    'leaves durable ranges out, and tests each piece for change once and in order',
    async () => {
      const durableShape = fc.array(fc.tuple(fc.nat(6), fc.integer({ min: 1, max: 6 })), { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(
          disk,
          gapsAndLengths,
          limits,
          limits,
          pieces,
          durableShape,
          power(8).map((exponent) => exponent * 8),
          fc.boolean(),
          async (source, shape, from, to, sizes, blocks, unit, testing) => {
            const extents = extentsOf(source, shape, 0);
            const durable = durableRanges(blocks, source.length, to.alignmentBytes);
            const flags = new Uint8Array(source.length);
            for (const { offset, length } of durable) flags.fill(1, offset, offset + length);
            const isDurable = (at: number) => flags[at] === 1;
            const content = Uint8Array.from({ length: source.length }, (_, at) =>
              isDurable(at) ? (source[at] ?? 0) : 255,
            );
            const { unchanged, wrong, tested } = everyThirdPiece(source, unit);
            const grid = Math.max(from.alignmentBytes, to.alignmentBytes, testing ? unit : 1);
            const want = expected(source, content, extents, grid);
            const block = Math.max(unit, to.alignmentBytes);
            if (testing)
              for (let at = 0; at < want.length; at += 1)
                if (isUnchangedBlock(at - (at % block), block, unit, source.length) && !isDurable(at))
                  want[at] = 255;
            const { reader } = memoryReader(source, { ...from, order: 'random' });
            const { writer, seen } = memoryWriter(content, to, { durable: () => list(durable) });
            await copyBlocks({
              from: reader,
              to: writer,
              extents: list(extents),
              ...sizes,
              ...(testing ? { unchanged } : {}),
            });
            expect(Buffer.compare(content, want)).toBe(0);
            for (const { offset, length } of seen.calls)
              for (let at = offset; at < Math.min(source.length, offset + length); at += 1)
                if (isDurable(at)) throw new Error(`durable byte ${at} was written again`);
            expect(wrong).toEqual([]);
            expect(tested.every((offset, at) => offset > (tested[at - 1] ?? -1))).toBe(true);
          },
        ),
        { seed: SEED, numRuns: RUNS },
      );
    },
    TIMEOUT_MS,
  );
});
