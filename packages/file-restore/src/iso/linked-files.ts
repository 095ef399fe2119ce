import { createHash } from 'node:crypto';
import type { NodeId } from '../file-system-reader.ts';
import type { DirectoryRecord } from './directory-record.ts';
import type { IsoNode } from './iso-node.ts';
import type { RockRidge } from './rock-ridge.ts';

/** Files with several names that are kept in mind: some megabytes. Names of others count as files of their own. */
const MOST_FILES = 50_000;

/** Where a part of a file lies. */
type Place = Pick<DirectoryRecord, 'dataAt' | 'sizeBytes'>;

/** What of a name tells its file. */
type NamedFile = Pick<IsoNode, 'type'> & {
  readonly parts: readonly Place[];
  readonly rockRidge: Pick<RockRidge, 'posix'>;
};

/**
 * Which names are those of one file: each has a record of its own, and the number of the file and where its data lie in common. The one
 * that was met first stands for all.
 */
export class LinkedFiles {
  readonly #first = new Map<string, NodeId>();

  /** The node that stands for the file of one that was read. */
  firstName(node: NodeId, { parts, rockRidge: { posix }, type }: NamedFile): NodeId {
    if (posix?.serial === undefined || posix.links < 2 || type === 'directory') return node;
    const key = `${type} ${posix.serial} ${placesOf(parts)}`;
    const known = this.#first.get(key);
    if (known === undefined && this.#first.size < MOST_FILES) this.#first.set(key, node);
    return known ?? node;
  }
}

/** Where the data lie, as a text of bounded length: a file may have tens of thousands of parts. */
function placesOf(parts: readonly Place[]): string {
  const places = parts.map(({ dataAt, sizeBytes }) => (sizeBytes === 0 ? '' : `${dataAt}+${sizeBytes}`));
  const text = places.join(' ');
  return parts.length === 1 ? text : createHash('sha256').update(text).digest('base64');
}
