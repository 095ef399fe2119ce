import { setImmediate } from 'node:timers/promises';
import { type ByteRange, type Call, throwIfAborted } from '@sendense/core';
import { clipRange } from '../bytes/clip-range.ts';
import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import { readAhead } from '../bytes/read-ahead.ts';
import type { FilePiece } from '../file-system-reader.ts';
import type { FileData } from './file-data.ts';
import { decompressLzx } from './lzx.ts';
import { decompressXpress } from './xpress.ts';

/** The stream that holds the data of a file that the system compressed (WOF). */
export const STORED_STREAM = 'WofCompressedData';

/** How such data are compressed, in chunks of so many bytes. */
export type Packing = { readonly algorithm: 'xpress' | 'lzx'; readonly chunkBytes: number };

const DECOMPRESS = { xpress: decompressXpress, lzx: decompressLzx } as const;

/** From here on places of chunks take eight bytes. */
const LONG_FILE_BYTES = 2 ** 32;
/** Read and decompressed at once, some milliseconds of work, and how many such reads are under way. */
const TOGETHER_BYTES = 256 * 1024;
const AHEAD = 8;

/** Decompressed in one turn of this process: a chunk of LZX, of which some take milliseconds. */
const BYTES_PER_TURN = 32 * 1024;

/** Where a chunk lies in the stream, and the bytes that it holds. */
type StoredChunk = { readonly from: number; readonly to: number; readonly size: number };

/** A file that the system compressed: chunks of it, one after the other, behind a table of where all but the first begin. */
export type SystemCompressed = {
  readonly stored: FileData;
  readonly storedBytes: number;
  readonly sizeBytes: number;
  readonly packing: Packing;
};

/** The data of such a file, laid out as resources of WIM are ("Windows Imaging File Format", Microsoft 2007). */
export function systemCompressedData(file: SystemCompressed): FileData {
  return {
    async *extents(range) {
      const { from, end } = clipRange(range, file.sizeBytes);
      if (end > from) yield { offset: from, length: end - from, kind: 'data' };
    },
    read: (range, call) => readAhead(reads(file, range, call), AHEAD),
  };
}

async function* reads(file: SystemCompressed, range: ByteRange, call: Call | undefined) {
  const { from, end } = clipRange(range, file.sizeBytes);
  const last = from === end ? 0 : Math.ceil(end / file.packing.chunkBytes);
  const together = TOGETHER_BYTES / file.packing.chunkBytes;
  for (let first = Math.floor(from / file.packing.chunkBytes); first < last; first += together) {
    const next = Math.min(last, first + together);
    yield async (): Promise<FilePiece> => {
      const start = first * file.packing.chunkBytes;
      const bytes = await readChunks(file, first, next, call);
      const offset = Math.max(from, start);
      return {
        offset,
        bytes: bytes.subarray(offset - start, Math.min(end, start + bytes.byteLength) - start),
      };
    };
  }
}

/** Chunks from `first` to the one before `end`. */
async function readChunks(
  file: SystemCompressed,
  first: number,
  end: number,
  call: Call | undefined,
): Promise<Uint8Array> {
  const chunks = await chunksOf(file, first, end, call);
  const begin = chunks[0]?.from ?? 0;
  const stored = await load(file, begin, (chunks.at(-1)?.to ?? begin) - begin, call);
  const out: Uint8Array[] = [];
  let inTurn = 0;
  for (const { from, to, size } of chunks) {
    if (inTurn >= BYTES_PER_TURN) {
      await setImmediate();
      throwIfAborted(call?.signal, 'read-file-system');
      inTurn = 0;
    }
    const bytes = stored.subarray(from - begin, to - begin);
    // what would not shrink is stored as it is
    out.push(bytes.byteLength === size ? bytes : DECOMPRESS[file.packing.algorithm](bytes, size));
    inTurn += size;
  }
  return Buffer.concat(out);
}

/** Chunks from `first` to the one before `end`, none of them longer than what it holds: so much may be read into memory. */
async function chunksOf(
  file: SystemCompressed,
  first: number,
  end: number,
  call: Call | undefined,
): Promise<readonly StoredChunk[]> {
  const places = await placesOf(file, first, end, call);
  const { chunkBytes } = file.packing;
  return Array.from({ length: end - first }, (_, index) => {
    const [from, to] = [places[index] ?? 0, places[index + 1] ?? 0];
    const size = Math.min(chunkBytes, file.sizeBytes - (first + index) * chunkBytes);
    if (to <= from || to - from > size)
      throw damaged('a chunk of a system-compressed file has an impossible length');
    return { from, to, size };
  });
}

/** Where chunks from `first` to `end` begin in the stream, in order. */
async function placesOf(
  file: SystemCompressed,
  first: number,
  end: number,
  call: Call | undefined,
): Promise<number[]> {
  const chunks = Math.ceil(file.sizeBytes / file.packing.chunkBytes);
  const width = file.sizeBytes < LONG_FILE_BYTES ? 4 : 8;
  const dataAt = (chunks - 1) * width;
  const from = Math.max(1, first);
  const to = Math.min(chunks, end + 1);
  const entries = new Fields(await load(file, (from - 1) * width, Math.max(0, to - from) * width, call));
  const places = Array.from({ length: Math.max(0, to - from) }, (_, index) =>
    width === 4 ? entries.u32(index * 4) : entries.u64(index * 8),
  ).map((place) => dataAt + place);
  if (first === 0) places.unshift(dataAt);
  if (end === chunks) places.push(file.storedBytes);
  if (places.some((place, index) => place < (places[index - 1] ?? dataAt) || place > file.storedBytes))
    throw damaged('the chunks of a system-compressed file are out of order');
  return places;
}

/** Bytes of the stream. */
async function load(
  { stored, storedBytes }: SystemCompressed,
  offset: number,
  length: number,
  call: Call | undefined,
): Promise<Uint8Array> {
  if (offset < 0 || length < 0 || offset + length > storedBytes)
    throw damaged('the stream of a system-compressed file ends early');
  const bytes = new Uint8Array(length);
  for await (const piece of stored.read({ offset, length }, call))
    bytes.set(piece.bytes, piece.offset - offset);
  return bytes;
}
