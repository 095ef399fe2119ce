import { SendenseError } from '@sendense/core';
import type { Layer } from './layer.ts';
import { type Piece, pieceOf } from './piece.ts';
import type { Run } from './run.ts';

/** A stretch of the disk with all its pieces: ascending, without gaps. */
export type ChainWindow = {
  readonly start: number;
  readonly end: number;
  readonly pieces: readonly Piece[];
};

/** Pieces of a window at most: those of a table page of which no two clusters lie together. */
const MAX_PIECES = 8192;

/**
 * Resolves `[start, end)` of a chain, or the first part of it where it has too many pieces or tables that contradict the
 * format: these are an error of the window that begins there. Each layer is asked once about everything that those above
 * left open, so that however deep the chain is, each page of its tables is needed in one go. `runs` keeps the last run of
 * each layer from window to window.
 */
export async function resolveWindow(
  layers: readonly Layer[],
  start: number,
  end: number,
  runs: (Run | undefined)[] = [],
): Promise<ChainWindow> {
  return await new WindowResolver(layers, start, end, runs).resolve();
}

/** Starts and ends of what no layer has decided yet, ascending, by turns. */
type Gaps = readonly number[];

class WindowResolver {
  readonly #layers: readonly Layer[];
  readonly #start: number;
  readonly #runs: (Run | undefined)[];
  #end: number;
  #pieces: Piece[] = [];

  constructor(layers: readonly Layer[], start: number, end: number, runs: (Run | undefined)[]) {
    this.#layers = layers;
    this.#start = start;
    this.#end = end;
    this.#runs = runs;
  }

  async resolve(): Promise<ChainWindow> {
    let gaps: Gaps = [this.#start, this.#end];
    for (const [depth, layer] of this.#layers.entries()) {
      if (gaps.length === 0) break;
      gaps = await this.#ask(depth, layer, gaps);
    }
    for (const [at, stop] of this.#within(gaps)) this.#addZeros(at, stop, this.#layers.length - 1);
    const end = this.#end;
    const pieces = this.#pieces.filter(({ offset }) => offset < end).sort(byOffset);
    return { start: this.#start, end, pieces };
  }

  /** Adds what `layer` decides of the gaps; returns those that are left. */
  async #ask(depth: number, layer: Layer, gaps: Gaps): Promise<Gaps> {
    const left: number[] = [];
    for (const [start, stop] of this.#within(gaps)) {
      // A parent shorter than its child reads as zeros past its end.
      const own = Math.min(stop, layer.sizeBytes);
      for (let at = start; at < Math.min(own, this.#end); ) {
        const run = this.#known(depth, at) ?? (await this.#find(depth, layer, at, own));
        if (run === undefined) return left;
        const end = Math.min(run.end, own);
        if (run.kind === 'absent') addGap(left, at, end);
        else this.#add(pieceOf(run, at, end - at, depth, layer));
        at = end;
      }
      if (own < stop) this.#addZeros(Math.max(start, own), stop, depth - 1);
    }
    return left;
  }

  /** Gaps inside the window, which may become shorter meanwhile. */
  *#within(gaps: Gaps): Generator<readonly [start: number, end: number]> {
    for (let index = 0; index < gaps.length; index += 2) {
      const start = gaps[index] ?? 0;
      if (start >= this.#end) return;
      yield [start, Math.min(gaps[index + 1] ?? start, this.#end)];
    }
  }

  #known(depth: number, at: number): Run | undefined {
    const run = this.#runs[depth];
    return run !== undefined && run.start <= at && at < run.end ? run : undefined;
  }

  /** The run at `at`; `undefined` when it cannot be found: the window ends there then. */
  async #find(depth: number, layer: Layer, at: number, stop: number): Promise<Run | undefined> {
    try {
      const run = await this.#look(layer, at, stop);
      this.#runs[depth] = run;
      return run;
    } catch (error) {
      if (at === this.#start) throw error;
      this.#end = at;
      return undefined;
    }
  }

  /** As long a run as there is, or only up to `stop`, where damage behind it that upper layers hide does not count. */
  async #look(layer: Layer, at: number, stop: number): Promise<Run> {
    try {
      return await layer.runAt(at, layer.sizeBytes);
    } catch (error) {
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
      return await layer.runAt(at, stop);
    }
  }

  #addZeros(at: number, stop: number, depth: number): void {
    if (at < stop) this.#add({ kind: 'zero', offset: at, length: stop - at, depth });
  }

  #add(piece: Piece): void {
    this.#pieces.push(piece);
    if (this.#pieces.length <= MAX_PIECES) return;
    const [first] = this.#pieces.sort(byOffset).splice(MAX_PIECES / 2);
    if (first !== undefined) this.#end = Math.min(this.#end, first.offset);
  }
}

function byOffset(left: Piece, right: Piece): number {
  return left.offset - right.offset;
}

/** Adds a gap behind the others; neighbours are one. */
function addGap(gaps: number[], start: number, end: number): void {
  if (gaps.length > 0 && gaps[gaps.length - 1] === start) gaps[gaps.length - 1] = end;
  else gaps.push(start, end);
}
