import type { DataFile } from './data-file.ts';
import type { Layer } from './layer.ts';
import type { CompressedRun, Run } from './run.ts';

/** A stretch of the disk and where its bytes come from. `depth` counts layers below the top one. */
export type Piece = { readonly offset: number; readonly length: number; readonly depth: number } & (
  | { readonly kind: 'zero' }
  | { readonly kind: 'data'; readonly file: DataFile; readonly hostOffset: number }
  | { readonly kind: 'compressed'; readonly layer: Layer; readonly run: CompressedRun }
);

/**
 * Walks a chain forwards. It remembers the run each layer is in, so that a long stretch of an upper layer is not
 * scanned again for every change below it.
 */
export class ChainCursor {
  readonly #layers: readonly Layer[];
  readonly #runs: (Run | undefined)[] = [];

  constructor(layers: readonly Layer[]) {
    this.#layers = layers;
  }

  /** The piece that starts at `offset` and ends at or before `end`. */
  async next(offset: number, end: number): Promise<Piece> {
    let limit = end;
    for (const [depth, layer] of this.#layers.entries()) {
      // A parent shorter than its child reads as zeros past its end.
      if (offset >= layer.sizeBytes)
        return { kind: 'zero', offset, length: limit - offset, depth: depth - 1 };
      limit = Math.min(limit, layer.sizeBytes);
      const found = this.#run(depth, layer, offset, limit);
      const run = found instanceof Promise ? await found : found;
      this.#runs[depth] = run;
      limit = Math.min(limit, run.end);
      if (run.kind !== 'absent') return pieceOf(run, offset, limit - offset, depth, layer);
    }
    return { kind: 'zero', offset, length: limit - offset, depth: this.#layers.length - 1 };
  }

  #run(depth: number, layer: Layer, offset: number, end: number): Run | Promise<Run> {
    const last = this.#runs[depth];
    if (last !== undefined && last.start <= offset && offset < last.end) return last;
    return layer.runAt(offset, end);
  }
}

function pieceOf(run: Run, offset: number, length: number, depth: number, layer: Layer): Piece {
  if (run.kind === 'data') {
    const { file = layer.data } = run;
    return { kind: 'data', offset, length, depth, file, hostOffset: run.hostOffset + offset - run.start };
  }
  if (run.kind === 'compressed') return { kind: 'compressed', offset, length, depth, layer, run };
  return { kind: 'zero', offset, length, depth };
}
