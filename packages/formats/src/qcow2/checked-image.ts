import type { FileHandle } from '@sendense/plugin-kit/files';
import type { CompressedTail } from './compressed-tail.ts';
import type { Qcow2Geometry } from './geometry.ts';
import type { Described, ReferenceSink } from './reference-counter.ts';

/** The image that a check walks. */
export type CheckedImage = {
  readonly handle: FileHandle;
  readonly fileBytes: number;
  /** Size of the disk. */
  readonly sizeBytes: number;
  readonly geometry: Qcow2Geometry;
  readonly version: 2 | 3;
  readonly dataFile: boolean;
  readonly compressedTail: CompressedTail;
  readonly signal?: AbortSignal;
};

/**
 * Counts the clusters of a table, and reports when the file ends inside it: every writer stores tables from the first to the
 * last byte, and what is missing of one cannot be told from holes. `false` when nothing of the table can be read.
 */
export function addTable(
  { fileBytes }: Pick<CheckedImage, 'fileBytes'>,
  sink: ReferenceSink,
  offset: number,
  length: number,
  what: Described,
): boolean {
  if (!sink.addAligned(offset, length, what)) return false;
  if (offset + length > fileBytes) sink.error('cut-short', () => cutShort(what(), offset, fileBytes));
  return true;
}

/** What is told of a part of the file that begins at `offset` and of which bytes are missing that must be there. */
export function cutShort(what: string, offset: number, fileBytes: number): string {
  return `${what} at offset ${offset} is cut short: the file ends at ${fileBytes}`;
}
