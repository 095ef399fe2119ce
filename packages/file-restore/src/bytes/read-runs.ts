import type { Call } from '@sendense/core';
import type { FilePiece } from '../file-system-reader.ts';
import type { BlockRun } from './block-run.ts';
import { type ByteSource, readBytes } from './byte-source.ts';

const PIECE_BYTES = 1024 * 1024;
/** Pieces under way: enough for a store that answers after 20 ms, and 16 MiB of memory. */
const AHEAD = 16;

/** A part of a file and where its bytes lie on the volume. */
type Place = { readonly offset: number; readonly length: number; readonly at: number };

/** The data of `runs` between `from` and `end` (bytes of the file), in pieces of at most 1 MiB, 16 of them under way. */
export async function* readRuns(
  source: ByteSource,
  runs: AsyncIterable<BlockRun>,
  blockBytes: number,
  range: { readonly from: number; readonly end: number },
  call?: Call,
): AsyncGenerator<FilePiece, void, undefined> {
  const ahead: Promise<FilePiece>[] = [];
  try {
    for await (const { offset, length, at } of places(runs, blockBytes, range)) {
      const piece = readBytes(source, at, length, call).then((bytes) => ({ offset, bytes }));
      piece.catch(() => undefined); // awaited below, in its turn
      ahead.push(piece);
      if (ahead.length >= AHEAD) yield* first(ahead);
    }
    while (ahead.length > 0) yield* first(ahead);
  } finally {
    await Promise.allSettled(ahead);
  }
}

async function* first(ahead: Promise<FilePiece>[]): AsyncGenerator<FilePiece, void, undefined> {
  const piece = ahead.shift();
  if (piece !== undefined) yield await piece;
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
