import { join } from 'node:path';
import { type Call, type RepositoryUsage, throwIfAborted } from '@sendense/core';
import { REPOSITORY_FILE } from '../records/repository-record.ts';
import type { LocalStore } from '../store/local-store.ts';
import { readPointRecords } from '../store/point-records.ts';
import { storedBytesOf } from '../store/recovery-point.ts';

/** What the repository takes: the files of all machines as they are on the storage. */
export async function measureUsage(store: LocalStore, call?: Call): Promise<RepositoryUsage> {
  const sum = { points: 0, machines: 0, storedBytes: 0, logicalBytes: 0 };
  for (const machine of await store.machines()) {
    throwIfAborted(call?.signal, 'measure-usage');
    const paths = store.paths(machine);
    const { records } = await readPointRecords(store, paths);
    sum.points += records.length;
    sum.machines += records.length > 0 ? 1 : 0;
    sum.storedBytes += await folderBytes(store, paths.folder);
    for (const { disks } of records) for (const { sizeBytes } of disks) sum.logicalBytes += sizeBytes;
  }
  const record = await store.fileSystem.stat(join(store.root, REPOSITORY_FILE));
  if (record !== undefined) sum.storedBytes += storedBytesOf(record);
  return { ...sum, ...(await store.fileSystem.space(store.root)) };
}

async function folderBytes(store: LocalStore, folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await store.list(folder)) {
    const status = await store.fileSystem.stat(join(folder, name));
    if (status?.kind === 'file') bytes += storedBytesOf(status);
    if (status?.kind === 'directory') bytes += await folderBytes(store, join(folder, name));
  }
  return bytes;
}
