import { SectorSet } from '../check/sector-set.ts';

/** A stretch of host clusters whose references are counted at once. */
export type CheckWindow = { readonly first: number; readonly length: number };

/**
 * The windows of a file, and which of them the tables refer to or count. The others are neither used nor counted, which is no
 * contradiction: however long a sparse file is, they cost nothing.
 */
export class CheckWindows {
  readonly #clusters: number;
  readonly #windowClusters: number;
  readonly #used: SectorSet;

  constructor(clusters: number, windowClusters: number) {
    this.#clusters = clusters;
    this.#windowClusters = windowClusters;
    this.#used = new SectorSet(Math.ceil(clusters / windowClusters));
  }

  /** Notes that the tables refer to clusters `[from, to)`, or count them; those outside the file do not matter. */
  use(from: number, to: number): void {
    const end = Math.min(to, this.#clusters);
    if (from < end)
      this.#used.add(Math.floor(from / this.#windowClusters), Math.ceil(end / this.#windowClusters));
  }

  /** The first window, then those that were in use while that one was walked. */
  *each(): Generator<CheckWindow> {
    for (let index = 0; index < this.#used.size; index += 1) {
      const first = index * this.#windowClusters;
      const length = Math.min(this.#windowClusters, this.#clusters - first);
      if (index === 0 || this.#used.has(index)) yield { first, length };
    }
  }
}
