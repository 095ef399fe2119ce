import type { Call } from '@sendense/core';
import type { FilePiece } from '../file-system-reader.ts';
import type { BlockRun } from './block-run.ts';
import { type ByteSource, readBytes } from './byte-source.ts';
import { readAhead } from './read-ahead.ts';

const PIECE_BYTES = 1024 * 1024;
/** Pieces under way: enough for a store that answers after 20 ms, and 16 MiB of memory. */
const AHEAD = 16;

/** A part of a file and where its bytes lie on the volume. */
type Place = { readonly offset: number; readonly length: number; readonly at: number };

/** The data of `runs` between `from` and `end` (bytes of the file), in pieces of at most 1 MiB, 16 of them under way. */
export function readRuns(
  source: ByteSource,
  runs: AsyncIterable<BlockRun>,
  blockBytes: number,
  range: { readonly from: number; readonly end: number },
  call?: Call,
): AsyncGenerator<FilePiece, void, undefined> {
  return readAhead(reads(source, places(runs, blockBytes, range), call), AHEAD);
}

async function* reads(source: ByteSource, found: AsyncIterable<Place>, call: Call | undefined) {
  for await (const { offset, length, at } of found)
    yield async (): Promise<FilePiece> => ({ offset, bytes: await readBytes(source, at, length, call) });
}

async function* places(
  runs: AsyncIterable<BlockRun>,
  blockBytes: number,
  { from, end }: { readonly from: number; readonly end: number },
): AsyncGenerator<Place, void, undefined> {
  for await (const { fileBlock, blocks, volumeBlock } of runs) {
    const start = Math.max(from, fileBlock * blockBytes);
    const stop = Math.min(end, (fileBlock + blocks) * blockBytes);
    for (let offset = start; offset < stop; offset += PIECE_BYTES) {
      const at = volumeBlock * blockBytes + offset - fileBlock * blockBytes;
      yield { offset, length: Math.min(PIECE_BYTES, stop - offset), at };
    }
  }
}

/** Data and holes from `from` to `end`, out of ascending runs. */
export async function* extentsOfRuns(
  runs: AsyncIterable<BlockRun>,
  blockBytes: number,
  { from, end }: { readonly from: number; readonly end: number },
) {
  let done = from;
  for await (const { fileBlock, blocks } of runs) {
    const start = Math.max(from, fileBlock * blockBytes);
    const stop = Math.min(end, (fileBlock + blocks) * blockBytes);
    if (stop <= start) continue;
    if (start > done) yield { offset: done, length: start - done, kind: 'zero' as const };
    yield { offset: start, length: stop - start, kind: 'data' as const };
    done = stop;
  }
  if (done < end) yield { offset: done, length: end - done, kind: 'zero' as const };
}
