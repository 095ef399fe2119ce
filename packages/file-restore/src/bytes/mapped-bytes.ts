import type { ByteRange, Call, Extent } from '@sendense/core';
import type { FilePiece } from '../file-system-reader.ts';
import { type BlockRun, joinRuns } from './block-run.ts';
import type { ByteSource } from './byte-source.ts';
import { clipRange } from './clip-range.ts';
import { extentsOfRuns, readRuns } from './read-runs.ts';

/** Blocks of a file, from the first one to the one before `end`. */
type BlockWindow = { readonly first: number; readonly end: number };

/** What the map of a file says of its blocks in a window, ascending; runs that touch may come one by one. */
type BlockMap = (window: BlockWindow, call: Call | undefined) => AsyncIterable<BlockRun>;

/** The bytes of a file or folder, found by its map of blocks. */
export class MappedBytes {
  readonly sizeBytes: number;
  readonly #source: ByteSource;
  readonly #blockBytes: number;
  readonly #map: BlockMap;

  constructor(source: ByteSource, blockBytes: number, sizeBytes: number, map: BlockMap) {
    this.sizeBytes = sizeBytes;
    this.#source = source;
    this.#blockBytes = blockBytes;
    this.#map = map;
  }

  /** Runs that hold bytes `[from, end)`. */
  runs(from: number, end: number, call: Call | undefined): AsyncGenerator<BlockRun, void, undefined> {
    const window = { first: Math.floor(from / this.#blockBytes), end: Math.ceil(end / this.#blockBytes) };
    return joinRuns(this.#map(window, call));
  }

  /** Data and holes of what of `range` lies in the file. */
  extents(range: ByteRange, call: Call | undefined): AsyncGenerator<Extent, void, undefined> {
    const { from, end } = clipRange(range, this.sizeBytes);
    return extentsOfRuns(this.runs(from, end, call), this.#blockBytes, { from, end });
  }

  /** The data of what of `range` lies in the file. */
  read(range: ByteRange, call: Call | undefined): AsyncGenerator<FilePiece, void, undefined> {
    const { from, end } = clipRange(range, this.sizeBytes);
    return readRuns(this.#source, this.runs(from, end, call), this.#blockBytes, { from, end }, call);
  }

  /** `range` in memory, holes as zeros. */
  async load(range: ByteRange, call: Call | undefined): Promise<Uint8Array> {
    const bytes = new Uint8Array(range.length);
    for await (const piece of this.read(range, call)) bytes.set(piece.bytes, piece.offset - range.offset);
    return bytes;
  }
}
