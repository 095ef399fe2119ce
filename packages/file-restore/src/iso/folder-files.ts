import type { Call } from '@sendense/core';
import type { DirectoryRecord } from './directory-record.ts';
import { type Folder, folderRecords, type RecordItem } from './folder-records.ts';
import { isSelfOrParent } from './iso-name.ts';
import type { IsoVolume } from './iso-volume.ts';

/** What was met: a file or folder by its first record, with the byte of the volume behind its last one; or what is not one. */
export type FileItem =
  | { readonly kind: 'file'; readonly record: DirectoryRecord; readonly end: number }
  | { readonly kind: 'associated' }
  | Exclude<RecordItem, { readonly kind: 'record' }>;

/** Files and folders from byte `from` of a folder on: a file of several parts is one. */
export async function* folderFiles(
  volume: IsoVolume,
  folder: Folder,
  from: number,
  call?: Call,
): AsyncGenerator<FileItem, void, undefined> {
  let open: DirectoryRecord | undefined;
  for await (const item of folderRecords(volume, folder, from, call)) {
    if (item.kind !== 'record') {
      yield item;
      continue;
    }
    const { record } = item;
    if (open !== undefined && !isNextPart(open, record)) {
      open = undefined;
      yield { kind: 'damaged' };
    }
    if (isSelfOrParent(record.identifier)) continue;
    const first: DirectoryRecord = open ?? record;
    open = record.hasMore ? first : undefined;
    if (open !== undefined) continue;
    yield record.isAssociated ? { kind: 'associated' } : { kind: 'file', record: first, end: record.end };
  }
  if (open !== undefined) yield { kind: 'damaged' };
}

/** Whether a record goes on with the file of one before. */
export function isNextPart(first: DirectoryRecord, next: DirectoryRecord): boolean {
  return (
    Buffer.compare(first.identifier, next.identifier) === 0 &&
    first.isAssociated === next.isAssociated &&
    !next.isFolder
  );
}
