export type { FileHandle } from './file-handle.ts';
export type { FileKind, FileStatus, FileSystem, FileSystemSpace, OpenMode } from './file-system.ts';
export { mapErrno } from './map-errno.ts';
export { nodeFileSystem } from './node-file-system.ts';
export { readSmallFile, writeFileDurably } from './small-files.ts';
