import { NumberSet } from '../bytes/number-set.ts';
import type { FileStat, NodeId } from '../file-system-reader.ts';

/** Paths that are kept, and characters of them: together they take about 200 MB, 300 at most. */
const MOST_PATHS = 1_000_000;
const MOST_CHARACTERS = 100 * 2 ** 20;

/** A file that was archived: where, and how many of its names were met. */
type ArchivedFile = { readonly path: string; names: number };

/**
 * What another name of a file that was met stands for: the path that it is linked to, and whether the file has more names than it
 * says. `left-out`: the file was not archived; `forgotten`: it was, and its path was not kept.
 */
export type OtherName = { readonly path: string; readonly isTooMany: boolean } | 'left-out' | 'forgotten';

/** The files that an archive came by, so that nothing comes into it twice: a file with several names is linked. */
export class ArchivedFiles {
  /** Names of these may follow, by what they say. */
  readonly #awaited = new Map<NodeId, ArchivedFile>();
  /** As many names of these were met as they say to have; the first to be forgotten. */
  readonly #complete = new Map<NodeId, ArchivedFile>();
  /** Goes on through those: to begin anew would pass all that are gone, each time. */
  #order = this.#complete.keys();
  readonly #forgotten = new NumberSet();
  readonly #leftOut = new NumberSet();
  readonly #mostPaths: number;
  readonly #mostCharacters: number;
  /** Of all paths that are kept. */
  #characters = 0;

  /** `mostPaths`: how many paths it keeps; `mostCharacters`: how long they are together. */
  constructor(mostPaths: number = MOST_PATHS, mostCharacters: number = MOST_CHARACTERS) {
    this.#mostPaths = mostPaths;
    this.#mostCharacters = mostCharacters;
  }

  /** Takes in a name; `undefined` for one of a file that is new. */
  meet({ node, links }: Pick<FileStat, 'node' | 'links'>): OtherName | undefined {
    if (this.#leftOut.has(node)) return 'left-out';
    if (this.#forgotten.has(node)) return 'forgotten';
    const file = this.#awaited.get(node) ?? this.#complete.get(node);
    if (file === undefined) return undefined;
    file.names += 1;
    if (file.names === links) {
      this.#awaited.delete(node);
      this.#complete.set(node, file);
    }
    return { path: file.path, isTooMany: file.names > links };
  }

  /** Takes in a file that was archived, by its first name. */
  add({ node, links }: Pick<FileStat, 'node' | 'links'>, path: string): void {
    const file = { path, names: 1 };
    while (this.#isFull(path))
      if (links <= 1 || !this.#forgetOne()) {
        this.#forgotten.add(node);
        return;
      }
    this.#characters += path.length;
    if (links > 1) this.#awaited.set(node, file);
    else this.#complete.set(node, file);
  }

  /** Takes in a file that could not be archived. */
  addLeftOut(node: NodeId): void {
    this.#leftOut.add(node);
  }

  #isFull(path: string): boolean {
    return (
      this.#awaited.size + this.#complete.size >= this.#mostPaths ||
      this.#characters + path.length > this.#mostCharacters
    );
  }

  /** Makes room for a file whose names are still awaited; whether there was one to forget. */
  #forgetOne(): boolean {
    let oldest = this.#order.next();
    if (oldest.done === true) {
      this.#order = this.#complete.keys();
      oldest = this.#order.next();
    }
    if (oldest.done === true) return false;
    this.#characters -= this.#complete.get(oldest.value)?.path.length ?? 0;
    this.#complete.delete(oldest.value);
    this.#forgotten.add(oldest.value);
    return true;
  }
}
