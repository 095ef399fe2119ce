import type { FileEndpoint } from '@sendense/core';
import type { FileHandle } from './file-handle.ts';

/** What kind of thing a path names. Symbolic links are followed by `stat` and never by `list`. */
export type FileKind = 'file' | 'directory' | 'device' | 'other';

/** What is known of a path. */
export type FileStatus = {
  readonly kind: FileKind;
  readonly sizeBytes: number;
  /** Bytes taken on the storage below; less than `sizeBytes` when sparse. */
  readonly allocatedBytes: number;
  readonly modifiedMs: number;
  /** When bytes or attributes were last changed, in nanoseconds since 1970 by the storage's clock; absent where it has none. */
  readonly changedNs?: bigint;
  /** Permission bits, e.g. 0o600; absent where the storage has none. */
  readonly mode?: number;
  /** Device and inode as text: equal for two names of one file. */
  readonly identity: string;
};

/** Space of the storage that holds a path. */
export type FileSystemSpace = { readonly totalBytes: number; readonly availableBytes: number };

/** How to open a file. `create` refuses an existing file with `ALREADY_EXISTS`; new files have mode 0600. */
export type OpenMode = 'read' | 'read-write' | 'create';

/**
 * The seam between Sendense and files: every byte that a repository or image writes goes through one of these, so
 * that tests can cut, fail or delay any single operation. Errors are `SendenseError` with the errno in `context.errno`.
 */
export interface FileSystem {
  /** Rejects with `NOT_FOUND`, `ALREADY_EXISTS` or `PERMISSION_DENIED` by cause. */
  open(path: string, mode: OpenMode): Promise<FileHandle>;
  /** Atomic; replaces `to` when it exists. Durable only after `syncDirectory` of the folder. */
  rename(from: string, to: string): Promise<void>;
  /** A second name; rejects with `ALREADY_EXISTS` when `to` is there. The create-only commit. */
  link(from: string, to: string): Promise<void>;
  /** Rejects with `NOT_FOUND` when it is gone. */
  unlink(path: string): Promise<void>;
  /** Makes the folder (mode 0700) and missing parents; resolves when it is there already. */
  makeDirectory(path: string): Promise<void>;
  /** Removes an empty folder. */
  removeDirectory(path: string): Promise<void>;
  /** Names in a folder, sorted by code unit. */
  list(path: string): Promise<readonly string[]>;
  /** `undefined` when nothing is there. */
  stat(path: string): Promise<FileStatus | undefined>;
  /** Makes names durable. Storage that cannot (some network mounts) resolves with `false`. */
  syncDirectory(path: string): Promise<boolean>;
  /** Total and available bytes of the storage that holds `path`. */
  space(path: string): Promise<FileSystemSpace>;
  /** Absolute path without symbolic links. */
  realPath(path: string): Promise<string>;
  /**
   * By what a block-IO driver of this process reaches the same file. Absent where only this seam reaches it, or where every
   * operation has to go through it.
   */
  endpoint?(path: string): FileEndpoint;
}
