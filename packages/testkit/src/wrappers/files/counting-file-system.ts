import type { FileSystem } from '@sendense/plugin-kit/files';
import { type FileOperation, isChange } from './file-operation.ts';
import { interceptFileSystem } from './intercept-file-system.ts';

/** A file system that counts what is done to it. */
export interface CountingFileSystem extends FileSystem {
  /** Every operation in the order it was begun. */
  readonly operations: readonly FileOperation[];
  /** Those that change storage or make it durable: number N of a crash test is `changes[N - 1]`. */
  readonly changes: readonly FileOperation[];
}

/** Numbers and names every operation. Run a job on it once to know how many cuts a crash test has to make. */
export function countingFileSystem(inner: FileSystem): CountingFileSystem {
  const operations: FileOperation[] = [];
  const changes: FileOperation[] = [];
  const outer = interceptFileSystem(inner, ({ operation, run }) => {
    operations.push(operation);
    if (isChange(operation)) changes.push(operation);
    return run();
  });
  return { ...outer, operations, changes };
}
