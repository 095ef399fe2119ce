import type { BlockReader, ByteRange, Call, Extent, LocatedRange } from '@sendense/core';
import { SendenseError, throwIfAborted } from '@sendense/core';
import type { ImageInfo } from '../image-info.ts';
import { ChainMap, piecesIn } from './chain-map.ts';
import type { Layer } from './layer.ts';
import type { Piece } from './piece.ts';
import { readChain } from './read-chain.ts';
import type { Run } from './run.ts';

/** An extent with the number of layers between the top of the chain and the file that decides it. */
export type MappedExtent = Extent & { readonly depth: number };

/** A run of data is passed on at this size, so that a copy begins before all of a disk was looked through. */
const MAX_DATA_RUN_BYTES = 64 * 1024 * 1024;

/** A disk image open for reading, with every file of its backing chain. */
export class ChainImage implements BlockReader {
  readonly sizeBytes: number;
  readonly limits = {
    alignmentBytes: 1,
    maxBytes: 8 * 1024 * 1024,
    maxInFlight: 8,
    order: 'random',
  } as const;
  /** What is known of the top file. */
  readonly info: ImageInfo;
  readonly #layers: readonly [Layer, ...Layer[]];
  readonly #map: ChainMap;
  #closed: Promise<void> | undefined;

  constructor(layers: readonly [Layer, ...Layer[]], info: ImageInfo) {
    this.sizeBytes = layers[0].sizeBytes;
    this.info = info;
    this.#layers = layers;
    this.#map = new ChainMap(layers);
  }

  /** Real paths of the files that hold guest bytes, top of the chain first. */
  get files(): readonly string[] {
    return this.#layers.flatMap(({ data, files = [data] }) => files.map(({ path }) => path));
  }

  /** Real paths of all files that the disk is read from: `files`, and those with descriptors and tables alone. */
  get allFiles(): readonly string[] {
    const heads = this.#layers.flatMap(({ headPath }) => headPath ?? []);
    return [...new Set([...heads, ...this.files])];
  }

  async read(offset: number, into: Uint8Array, call?: Call): Promise<void> {
    this.#checkOpen();
    await readChain(this.#map, offset, into, call);
  }

  async *extents(range: ByteRange, call?: Call): AsyncGenerator<Extent> {
    let last: Extent | undefined;
    for await (const { offset, length, kind } of this.map(range, call)) {
      if (last?.kind === kind && (kind === 'zero' || last.length < MAX_DATA_RUN_BYTES)) {
        last = { offset: last.offset, length: last.length + length, kind };
        continue;
      }
      if (last !== undefined) yield last;
      last = { offset, length, kind };
    }
    if (last !== undefined) yield last;
  }

  /** Like `extents`, told apart by the layer that decides. */
  async *map(range: ByteRange, call?: Call): AsyncGenerator<MappedExtent> {
    let last: MappedExtent | undefined;
    for await (const piece of this.#pieces(range, call)) {
      const kind = piece.kind === 'zero' ? 'zero' : 'data';
      const { offset, length, depth } = piece;
      if (last !== undefined && last.kind === kind && last.depth === depth) {
        last = { ...last, length: last.length + length };
        continue;
      }
      if (last !== undefined) yield last;
      last = { offset, length, kind, depth };
    }
    if (last !== undefined) yield last;
  }

  /** What the top file itself decides, ascending and merged; what it leaves to the files below is left out. */
  async *ownExtents(range: ByteRange, call?: Call): AsyncGenerator<Extent> {
    let last: Extent | undefined;
    for await (const { start, end, kind: kept } of this.#ownRuns(range, call)) {
      const kind = kept === 'zero' ? 'zero' : 'data';
      if (last?.kind === kind && last.offset + last.length === start) {
        last = { ...last, length: end - last.offset };
        continue;
      }
      if (last !== undefined) yield last;
      last = { offset: start, length: end - start, kind };
    }
    if (last !== undefined) yield last;
  }

  /** Rejects with `UNSUPPORTED` at a compressed cluster: it has no plain bytes anywhere; use `read`. */
  async *locate(range: ByteRange, call?: Call): AsyncGenerator<LocatedRange> {
    let last: LocatedRange | undefined;
    for await (const piece of this.#pieces(range, call)) {
      const found = locatePiece(piece);
      const joined = last === undefined ? undefined : joinLocated(last, found);
      if (joined === undefined && last !== undefined) yield last;
      last = joined ?? found;
    }
    if (last !== undefined) yield last;
  }

  /** Closes the files of the chain. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#layers.map((layer) => layer[Symbol.asyncDispose]()));
  }

  async *#pieces(range: ByteRange, call: Call | undefined): AsyncGenerator<Piece> {
    const end = range.offset + range.length;
    for (let at = range.offset; at < end; ) {
      this.#check(call);
      const window = await this.#map.windowAt(at);
      for (const piece of piecesIn(window, at, end)) {
        this.#check(call);
        yield piece;
      }
      at = window.end;
    }
  }

  async *#ownRuns(range: ByteRange, call: Call | undefined): AsyncGenerator<Run> {
    const top = this.#layers[0];
    const end = Math.min(range.offset + range.length, top.sizeBytes);
    for (let at = range.offset; at < end; ) {
      this.#check(call);
      const found = top.runAt(at, end);
      const run = found instanceof Promise ? await found : found;
      at = run.end;
      if (run.kind !== 'absent') yield run;
    }
  }

  #check(call: Call | undefined): void {
    this.#checkOpen();
    throwIfAborted(call?.signal, 'read-image');
  }

  #checkOpen(): void {
    if (this.#closed === undefined) return;
    throw new SendenseError('NOT_OPEN', 'the image was closed', { operation: 'read-image' });
  }
}

function joinLocated(left: LocatedRange, right: LocatedRange): LocatedRange | undefined {
  const length = left.length + right.length;
  if (left.at === 'zero') return right.at === 'zero' ? { ...left, length } : undefined;
  if (right.at === 'zero') return undefined;
  const a = left.at.endpoint;
  const b = right.at.endpoint;
  if (a.kind !== 'file' || b.kind !== 'file' || a.path !== b.path) return undefined;
  return right.at.offset === left.at.offset + left.length ? { ...left, length } : undefined;
}

function locatePiece(piece: Piece): LocatedRange {
  const { offset, length } = piece;
  if (piece.kind === 'zero') return { offset, length, at: 'zero' };
  if (piece.kind === 'data') {
    const { path } = piece.file;
    return { offset, length, at: { endpoint: { kind: 'file', path }, offset: piece.hostOffset } };
  }
  const { path } = piece.run.file ?? piece.layer.data;
  throw new SendenseError('UNSUPPORTED', `${path} holds compressed clusters, which have no plain location`, {
    operation: 'locate-range',
    context: { offset, length },
  });
}
