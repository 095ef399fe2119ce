import type { NodeId } from '../file-system-reader.ts';
import type { IsoNode } from './iso-node.ts';

/** Files with several names that are kept in mind: some megabytes. Names of others count as files of their own. */
const MOST_FILES = 50_000;

/**
 * Which names are those of one file: each has a record of its own, and the number of the file and where its data lie in common. The one
 * that was met first stands for all.
 */
export class LinkedFiles {
  readonly #first = new Map<string, NodeId>();

  /** The node that stands for the file of one that was read. */
  firstName(node: NodeId, { parts, rockRidge: { posix }, type }: IsoNode): NodeId {
    if (posix?.serial === undefined || posix.links < 2 || type === 'directory') return node;
    const places = parts.map(({ dataAt, sizeBytes }) => (sizeBytes === 0 ? '' : `${dataAt}+${sizeBytes}`));
    const key = `${type} ${posix.serial} ${places.join(' ')}`;
    const known = this.#first.get(key);
    if (known === undefined && this.#first.size < MOST_FILES) this.#first.set(key, node);
    return known ?? node;
  }
}
