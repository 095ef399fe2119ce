import type { Fields } from '../bytes/fields.ts';
import type { NodeId } from '../file-system-reader.ts';

/** Records of one table; Windows ends at as many files. */
const MOST_RECORDS = 2 ** 32;

/** A record of the master file table, and how often it was taken for a file: references to an earlier one are stale. */
export type FileReference = { readonly record: number; readonly sequence: number };

/** The reference at byte `at`: 48 bits and 16 bits. `undefined` for a record that no table has. */
export function readReference(fields: Fields, at: number): FileReference | undefined {
  const record = fields.u32(at) + fields.u16(at + 4) * MOST_RECORDS;
  return record < MOST_RECORDS ? { record, sequence: fields.u16(at + 6) } : undefined;
}

/** The node of a reference: numbers of one sequence lie together, as files that were never replaced do. */
export function nodeOf({ record, sequence }: FileReference): NodeId {
  return sequence * MOST_RECORDS + record;
}

/** The reference of a node. */
export function referenceOf(node: NodeId): FileReference {
  return { record: node % MOST_RECORDS, sequence: Math.floor(node / MOST_RECORDS) };
}
