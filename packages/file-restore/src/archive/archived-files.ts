import { NumberSet } from '../bytes/number-set.ts';
import type { FileStat, NodeId } from '../file-system-reader.ts';

/** Paths that are kept of files which say that they have one name: they take about 200 MB. */
const MOST_PATHS = 1_000_000;

/** What an archive holds already, so that nothing comes into it twice: a file with several names is linked. */
export class ArchivedFiles {
  readonly #paths = new Map<NodeId, string>();
  readonly #nameless = new NumberSet();

  /**
   * The path that another name of a file is linked to; `undefined` for a file that is new, `null` for one whose path was not kept:
   * it said that it has one name, after a million others.
   */
  pathOf(node: NodeId): string | null | undefined {
    return this.#paths.get(node) ?? (this.#nameless.has(node) ? null : undefined);
  }

  /** Takes in a file that was archived. */
  add({ node, links }: Pick<FileStat, 'node' | 'links'>, path: string): void {
    if (links > 1 || this.#paths.size < MOST_PATHS) this.#paths.set(node, path);
    else this.#nameless.add(node);
  }
}
