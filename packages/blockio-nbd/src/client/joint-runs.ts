/** A run of one context as a server tells it, in bytes. */
export type ContextRun = { readonly length: number; readonly flags: number | bigint };

/** What all contexts say throughout a run; `flags` in their order. */
type Joint = { readonly length: number; readonly flags: readonly (number | bigint)[] };

/**
 * Lays the runs of several contexts, which begin at one offset, over each other. Ends with the shortest list: servers may tell
 * more of one context than of another.
 */
export function* jointRuns(contexts: readonly (readonly ContextRun[])[]): Generator<Joint, void, undefined> {
  const cursors = contexts.map((runs) => new Cursor(runs));
  for (;;) {
    const length = Math.min(...cursors.map(({ leftBytes }) => leftBytes));
    if (!(length > 0 && length < Infinity)) return;
    yield { length, flags: cursors.map(({ flags }) => flags) };
    for (const cursor of cursors) cursor.advance(length);
  }
}

/** A place in the runs of one context. */
class Cursor {
  readonly #runs: readonly ContextRun[];
  #index = 0;
  /** Bytes of the run at the place, from there on; 0 after the last. */
  leftBytes: number;

  constructor(runs: readonly ContextRun[]) {
    this.#runs = runs;
    this.leftBytes = runs[0]?.length ?? 0;
  }

  get flags(): number | bigint {
    return this.#runs[this.#index]?.flags ?? 0;
  }

  /** Goes on by at most what is left of the run. */
  advance(bytes: number): void {
    this.leftBytes -= bytes;
    if (this.leftBytes > 0) return;
    this.#index += 1;
    this.leftBytes = this.#runs[this.#index]?.length ?? 0;
  }
}
