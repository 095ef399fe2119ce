import type { NodeId } from '@sendense/file-restore';

/** The root of a file system. */
export const ROOT: NodeId = 0;

/** A name as its folder and its place in the list of that folder. */
export type NumberedName = { readonly folder: NodeId; readonly index: number };

type Range = { readonly first: NodeId; readonly folder: NodeId };

/**
 * Numbers for what lies in a file system whose files are known by their folder and name: the names of a folder have numbers that follow
 * each other, from the first time that it is listed on. So memory is needed for folders only, not for what they hold.
 */
export class NodeNumbers {
  /** In the order of their numbers. */
  readonly #ranges: Range[] = [];
  readonly #firsts = new Map<NodeId, NodeId>();
  #next: NodeId = ROOT + 1;

  /** The number of the first of the `count` names of a folder, which are the same each time. */
  firstOf(folder: NodeId, count: number): NodeId {
    const known = this.#firsts.get(folder);
    if (known !== undefined) return known;
    const first = this.#next;
    this.#next += count;
    this.#firsts.set(folder, first);
    if (count > 0) this.#ranges.push({ first, folder });
    return first;
  }

  /** What a number stands for; `undefined` for the root, and one that was never given. */
  find(node: NodeId): NumberedName | undefined {
    if (!(node > ROOT && node < this.#next)) return undefined;
    let low = 0;
    for (let high = this.#ranges.length - 1; low < high; ) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#ranges[middle]?.first ?? 0) <= node) low = middle;
      else high = middle - 1;
    }
    const range = this.#ranges[low];
    return range && { folder: range.folder, index: node - range.first };
  }
}
