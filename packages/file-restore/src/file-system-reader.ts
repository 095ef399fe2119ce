import type { ByteRange, Call, Extent, Finding } from '@sendense/core';
import type { ByteSource } from './bytes/byte-source.ts';

/** What a name in a folder stands for. */
export type FileType = 'file' | 'directory' | 'symlink' | 'block-device' | 'char-device' | 'fifo' | 'socket';

/** A file or folder of one file system: its inode or another number that is unique there. Two names of one file share it. */
export type NodeId = number;

/** What is known of a file without reading it. Times are nanoseconds since 1970, UTC. */
export type FileStat = {
  readonly node: NodeId;
  readonly type: FileType;
  readonly sizeBytes: number;
  /** Bytes that take space, rounded up to blocks; less than `sizeBytes` when sparse. */
  readonly allocatedBytes: number;
  /** Permission bits with set-user-id, set-group-id and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly mtimeNs: bigint;
  readonly atimeNs: bigint;
  /** Change of the inode; equals `mtimeNs` where the file system keeps none. */
  readonly ctimeNs: bigint;
  /** Of devices. */
  readonly device?: { readonly major: number; readonly minor: number };
};

/** One name of a folder. `.` and `..` are never listed. */
export type DirectoryEntry = {
  /** Text as `decodeName` makes it: bytes that are no UTF-8 are kept. Never empty, never with `/` or NUL. */
  readonly name: string;
  readonly node: NodeId;
  /** As the folder tells it; `undefined` where only `stat` knows. */
  readonly type: FileType | undefined;
};

/** Part of a folder. */
export type DirectoryPage = {
  readonly entries: readonly DirectoryEntry[];
  /** Where the next page begins; `undefined` after the last one. Opaque; holds for this file system at this instant. */
  readonly next: string | undefined;
  /** What could not be read of the folder: the rest is listed all the same. */
  readonly findings: readonly Finding[];
};

/** Where to begin a page and how many entries it has at most. */
export type PageOptions = { readonly from?: string | undefined; readonly limit: number };

/** Bytes of a file. What lies between two pieces is zeros. */
export type FilePiece = { readonly offset: number; readonly bytes: Uint8Array };

/** Whether the space of a node is its own; see {@link FileSystemReader.trackOwners}. */
export type OwnerCheck = (node: NodeId, call?: Call) => Promise<void>;

/**
 * A file system that is read where it lies, never changed, its journal never replayed into it. Every call ends after work
 * that the size of the volume bounds, whatever the bytes say; damage rejects with `CORRUPT`, what is not known with
 * `FORMAT_UNSUPPORTED`.
 */
export interface FileSystemReader {
  /** `ext4` … */
  readonly kind: string;
  /** Name that the user gave; may be empty. */
  readonly label: string;
  readonly uuid: string;
  readonly root: NodeId;
  /** What the user should know: a journal that was not empty, parts that were not read. */
  readonly findings: readonly Finding[];
  /** What it reads, where that is not the volume as it lies there: with a journal laid over it. */
  readonly bytes?: ByteSource;
  /** Kind, size, owner, rights and times of a node. */
  stat(node: NodeId, call?: Call): Promise<FileStat>;
  /** Entries in the order of the folder. Rejects with `CONFIG_INVALID` for a node that is none, or a wrong `from`. */
  list(directory: NodeId, page: PageOptions, call?: Call): Promise<DirectoryPage>;
  /** The entry with exactly this name. */
  lookup(directory: NodeId, name: string, call?: Call): Promise<DirectoryEntry | undefined>;
  /** Text of a symbolic link. */
  readLink(node: NodeId, call?: Call): Promise<string>;
  /** Data and holes of a file, ascending, covering `range` (which is clipped to the file). */
  extents(node: NodeId, range: ByteRange, call?: Call): AsyncIterable<Extent>;
  /**
   * Of file systems in which space belongs to one file or folder: tells, for one after the other, whether its space is its own.
   * Rejects with `CORRUPT` for a node that has space of one that was asked about before. Absent where files may share space.
   */
  trackOwners?(): OwnerCheck;
  /** The data of a file in `range`, ascending, several reads under way; holes are left out. */
  read(node: NodeId, range: ByteRange, call?: Call): AsyncIterable<FilePiece>;
}
