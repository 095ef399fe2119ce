import type { ByteRange } from '@sendense/core';
import type { Layer } from './layer.ts';
import { clipPiece, type Piece } from './piece.ts';
import { type ChainWindow, resolveWindow } from './resolve-window.ts';
import type { Run } from './run.ts';

/** Windows end at multiples of this: what one page of L2 tables describes with clusters of 64 KiB. */
const WINDOW_BYTES = 512 * 1024 * 1024;

/** Windows kept: whoever lists extents is ahead of those who locate or read them. */
const KEPT_WINDOWS = 3;

/** Chains with more layers are read on by windows: the table pages of so many would push each other out of memory. */
const FEW_LAYERS = 16;

/** Where the bytes of a chain lie. What was resolved last is kept for all who walk through it. */
export class ChainMap {
  readonly #layers: readonly Layer[];
  readonly #runs: (Run | undefined)[] = [];
  /** The newest last. */
  readonly #windows: ChainWindow[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  /** Where the last read ended: who begins there reads on. */
  #readEnd = 0;

  constructor(layers: readonly Layer[]) {
    this.#layers = layers;
  }

  /** The window at `offset`, for walks; those who ask at once wait for each other, as one mostly serves them all. */
  async windowAt(offset: number): Promise<ChainWindow> {
    const kept = this.#kept(offset);
    if (kept !== undefined) return kept;
    const resolving = this.#turn.then(async () => this.#kept(offset) ?? (await this.#add(offset)));
    this.#turn = resolving.catch(() => undefined); // who asked is told
    return await resolving;
  }

  /**
   * The pieces of a single read, ascending, without gaps. Nothing is looked up beside them, unless a chain of many layers is
   * read on from where the last read ended.
   */
  async *read({ offset, length }: ByteRange): AsyncGenerator<Piece> {
    const end = offset + length;
    const byWindows = this.#layers.length > FEW_LAYERS && offset === this.#readEnd;
    this.#readEnd = end;
    for (let at = offset; at < end; ) {
      const window = byWindows
        ? await this.windowAt(at)
        : (this.#kept(at) ?? (await resolveWindow(this.#layers, at, end)));
      yield* piecesIn(window, at, end);
      at = window.end;
    }
  }

  #kept(offset: number): ChainWindow | undefined {
    return this.#windows.find(({ start, end }) => start <= offset && offset < end);
  }

  async #add(offset: number): Promise<ChainWindow> {
    const end = (Math.floor(offset / WINDOW_BYTES) + 1) * WINDOW_BYTES;
    const window = await resolveWindow(this.#layers, offset, end, this.#runs);
    this.#windows.push(window);
    if (this.#windows.length > KEPT_WINDOWS) this.#windows.shift();
    return window;
  }
}

/** The pieces of `window` in `[start, end)`, cut off there. */
export function* piecesIn({ pieces }: ChainWindow, start: number, end: number): Generator<Piece> {
  for (let index = firstBehind(pieces, start); index < pieces.length; index += 1) {
    const piece = pieces[index];
    if (piece === undefined || piece.offset >= end) return;
    yield clipPiece(piece, start, end);
  }
}

/** Index of the first piece that ends behind `offset`. */
function firstBehind(pieces: readonly Piece[], offset: number): number {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const piece = pieces[middle];
    if (piece !== undefined && piece.offset + piece.length <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
