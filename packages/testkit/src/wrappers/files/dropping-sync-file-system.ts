import type { FileSystem } from '@sendense/plugin-kit/files';
import type { FileOperation } from './file-operation.ts';
import { interceptFileSystem } from './intercept-file-system.ts';

/** Whether a sync is dropped. `ordinal` numbers the syncs of files and folders from 1. */
export type DropSync = (operation: FileOperation, ordinal: number) => boolean;

/** A file system on which chosen syncs do nothing and say they did: a power-loss test must fail on it. */
export function droppingSyncFileSystem(inner: FileSystem, drop: DropSync): FileSystem {
  let ordinal = 0;
  const dropped = (operation: FileOperation): boolean => {
    if (operation.kind !== 'sync' && operation.kind !== 'sync-directory') return false;
    ordinal += 1;
    return drop(operation, ordinal);
  };
  const outer = interceptFileSystem(inner, async ({ operation, run }) => {
    if (!dropped(operation)) return await run();
    // `sync` resolves with nothing and `syncDirectory` with whether the storage can: a lie in both cases
    return (operation.kind === 'sync-directory' ? true : undefined) as Awaited<ReturnType<typeof run>>;
  });
  return outer;
}
