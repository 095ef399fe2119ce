export { bootId } from './boot-id.ts';
export type { FileHandle } from './file-handle.ts';
export type { FileKind, FileStatus, FileSystem, FileSystemSpace, OpenMode } from './file-system.ts';
export {
  type ImageLocks,
  type ImageUse,
  linuxImageLocks,
  refuseInUse,
  refuseWritten,
} from './image-locks.ts';
export { mapErrno } from './map-errno.ts';
export { nodeFileSystem } from './node-file-system.ts';
export { type Publication, publishFile } from './publish-file.ts';
export { readSmallFile, unfinishedFilesOf, writeFileDurably } from './small-files.ts';
export { isKept, repositoryAround } from './spared-places.ts';
export { instantLost, settleWrites, TICK_MS } from './steady-file.ts';
export { identitiesOf, refuseTaken, resolveTarget, TargetFolder } from './target-folder.ts';
export {
  preparedLockName,
  prepareTokenLock,
  releaseTokenLock,
  removeIfEmpty,
  type TokenLock,
  tryTokenLock,
  withdrawTokenLock,
} from './token-lock.ts';
export { writeZeros } from './write-zeros.ts';
