import type { FileHandle } from '@sendense/plugin-kit/files';

/** The file in which a layer keeps guest bytes. */
export type DataFile = {
  /** Absolute path without symbolic links. */
  readonly path: string;
  readonly handle: FileHandle;
  /** A stretch of this size that begins inside the file may end outside it (the rest reads as zeros). */
  readonly unitBytes: number;
};
