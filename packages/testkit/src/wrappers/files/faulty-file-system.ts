import { type FileSystem, mapErrno } from '@sendense/plugin-kit/files';
import { describeOperation, type FileOperation, isChange } from './file-operation.ts';
import { interceptFileSystem } from './intercept-file-system.ts';

/** The errno to fail an operation with, or `undefined` to let it happen. `change` numbers changing operations from 1. */
export type FileFault = (operation: FileOperation, change: number) => string | undefined;

/** A file system that fails chosen operations, e.g. with `ENOSPC` or `EIO`, and goes on working. */
export function faultyFileSystem(inner: FileSystem, fault: FileFault): FileSystem {
  let changes = 0;
  return interceptFileSystem(inner, async ({ operation, run }) => {
    if (isChange(operation)) changes += 1;
    const errno = fault(operation, changes);
    if (errno === undefined) return await run();
    const error = Object.assign(new Error(`${errno}: ${describeOperation(operation)}`), { code: errno });
    throw mapErrno(error, `${operation.kind}-file`, operation.path);
  });
}

/** Storage that is full after `bytes` more bytes were written. */
export function fullAfter(bytes: number): FileFault {
  let written = 0;
  return ({ kind, length = 0 }) => {
    if (kind === 'write') written += length;
    return written > bytes && (kind === 'write' || kind === 'create') ? 'ENOSPC' : undefined;
  };
}
