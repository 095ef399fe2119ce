import { createFileDriver } from '@sendense/blockio-file';
import { type PointReader, pointId, type Repository } from '@sendense/core';
import { type BrowseSession, createFileRestore, type FileRestore } from '@sendense/file-restore';
import { pointOf } from './raw-point.ts';

/** The same disks, browsed in process; the caller disposes it. */
export async function browseDisks(
  ...disks: readonly string[]
): Promise<{ readonly session: BrowseSession } & AsyncDisposable> {
  const driver = createFileDriver();
  const readers = await Promise.all(disks.map((path) => driver.openReader({ kind: 'file', path })));
  const reader: PointReader = pointOf(readers);
  const files: FileRestore = await createFileRestore();
  const repository = { open: () => Promise.resolve(reader) } as unknown as Repository;
  const session = await files.open(repository, pointId('20261122-101500-7f3a'));
  return { session, [Symbol.asyncDispose]: () => files[Symbol.asyncDispose]() };
}
