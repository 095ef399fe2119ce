import { type ByteRange, type Call, throwIfAborted } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import type { BitmapEntry } from './bitmap-directory.ts';
import { OFFSET_HIGH, OFFSET_LOW } from './constants.ts';
import { type BitRun, dirtyRuns } from './dirty-runs.ts';
import { corrupt } from './format-error.ts';

/** Bitmap tables and bits are read in pieces of this size. */
const PIECE_BYTES = 65_536;

/** What {@link dirtyExtents} reads. */
export type DirtyExtentsOptions = {
  readonly handle: FileHandle;
  readonly entry: BitmapEntry;
  readonly sizeBytes: number;
  readonly clusterBytes: number;
};

/** The guest ranges that a bitmap calls dirty: ascending, merged, clipped to the disk. Memory is flat. */
export async function* dirtyExtents(options: DirtyExtentsOptions, call?: Call): AsyncGenerator<ByteRange> {
  const granularityBytes = 2 ** options.entry.granularityBits;
  let open: BitRun | undefined;
  for await (const run of bitRuns(options, call)) {
    if (open?.end === run.first) {
      open = { first: open.first, end: run.end };
      continue;
    }
    if (open !== undefined) yield rangeOf(open, granularityBytes, options.sizeBytes);
    open = run;
  }
  if (open !== undefined) yield rangeOf(open, granularityBytes, options.sizeBytes);
}

function rangeOf({ first, end }: BitRun, granularityBytes: number, sizeBytes: number): ByteRange {
  const offset = first * granularityBytes;
  return { offset, length: Math.min(end * granularityBytes, sizeBytes) - offset };
}

async function* bitRuns(options: DirtyExtentsOptions, call: Call | undefined): AsyncGenerator<BitRun> {
  const { entry, sizeBytes, clusterBytes } = options;
  const bits = Math.ceil(sizeBytes / 2 ** entry.granularityBits);
  const perEntry = clusterBytes * 8;
  for await (const { index, offset, ones } of tableEntries(options)) {
    throwIfAborted(call?.signal, 'read-image');
    const first = index * perEntry;
    const end = Math.min(first + perEntry, bits);
    if (ones) yield { first, end };
    if (offset !== 0) yield* storedRuns(options, offset, first, end);
  }
}

/** Table entries that are not all zeros. */
async function* tableEntries({ handle, entry, clusterBytes }: DirtyExtentsOptions) {
  const perPiece = PIECE_BYTES / 8;
  for (let first = 0; first < entry.tableEntries; first += perPiece) {
    const count = Math.min(perPiece, entry.tableEntries - first);
    const table = new DataView(new ArrayBuffer(count * 8));
    await readWhole(handle, new Uint8Array(table.buffer), entry.tableOffset + first * 8);
    for (let index = 0; index < count; index += 1) {
      const low = table.getUint32(index * 8 + 4);
      const offset = (table.getUint32(index * 8) & OFFSET_HIGH) * 2 ** 32 + ((low & OFFSET_LOW) >>> 0);
      if (offset % clusterBytes !== 0) throw corrupt('a bitmap table does not point to a cluster boundary');
      const ones = offset === 0 && (low & 1) === 1;
      if (offset !== 0 || ones) yield { index: first + index, offset, ones };
    }
  }
}

async function* storedRuns(
  { handle, clusterBytes }: DirtyExtentsOptions,
  offset: number,
  first: number,
  end: number,
): AsyncGenerator<BitRun> {
  const length = Math.min(clusterBytes, Math.ceil((end - first) / 8));
  for (let done = 0; done < length; done += PIECE_BYTES) {
    const bytes = new Uint8Array(Math.min(PIECE_BYTES, length - done));
    await readWhole(handle, bytes, offset + done);
    for (const run of dirtyRuns(bytes, first + done * 8)) {
      if (run.first < end) yield { first: run.first, end: Math.min(run.end, end) };
    }
  }
}

async function readWhole(handle: FileHandle, into: Uint8Array, position: number): Promise<void> {
  const inside = Number.isSafeInteger(position + into.byteLength);
  if (!inside || (await handle.read(into, position)) < into.byteLength) {
    throw corrupt('a bitmap lies outside the file');
  }
}
