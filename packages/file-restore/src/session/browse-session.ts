import {
  type ByteRange,
  type Call,
  type Extent,
  type Finding,
  type PointReader,
  type RecoveryPoint,
  SendenseError,
} from '@sendense/core';
import { limitConcurrency } from '@sendense/plugin-kit';
import type { ArchiveRequest } from '../archive/archive-entries.ts';
import { fillHoles } from '../archive/fill-holes.ts';
import { gatherPieces } from '../archive/gather-pieces.ts';
import { tarTree } from '../archive/tar-tree.ts';
import { zipTree } from '../archive/zip-tree.ts';
import type { DirectoryEntry, FilePiece, FileStat, FileSystemReader } from '../file-system-reader.ts';
import { splitPath } from '../paths/resolve-path.ts';
import type { OnFinding } from '../paths/walk-tree.ts';
import { IdleTimer } from './idle-timer.ts';
import { type OpenedFiles, type OpenFiles, openInProcess } from './open-files.ts';
import type { BrowsedVolume, FoundFile, PointFiles, WayChoice } from './point-files.ts';

/** Entries of a page unless the caller says otherwise. */
const PAGE = 1000;
/** Inodes that are read at once. */
const STATS = 64;

/** A name in a folder with what is known of it; `stat` is `undefined` for an inode that is damaged or not known, which a finding tells. */
export type ListedEntry = { readonly name: string; readonly stat: FileStat | undefined };

/** Part of a folder. */
export type FolderPage = {
  readonly entries: readonly ListedEntry[];
  /** Give it as `from` for the next page; `undefined` after the last. */
  readonly next: string | undefined;
  readonly findings: readonly Finding[];
  /** The volume that the folder lies in; `undefined` for the list of the volumes. */
  readonly volume: BrowsedVolume | undefined;
};

/** Which way a volume takes, and why. */
export type VolumeWay = WayChoice & {
  /** Its id. */
  readonly volume: string;
  readonly way: BrowsedVolume['access'];
};

/**
 * A recovery point that is being browsed. Paths begin with `/`; where the point has several file systems, `/` lists the volumes,
 * and a path may begin with one of them. Calls reject with `NOT_OPEN` once it is closed, by its owner or for idleness.
 */
export class BrowseSession implements AsyncDisposable {
  readonly id: string;
  readonly point: RecoveryPoint;
  readonly #owned: AsyncDisposable;
  readonly #files: PointFiles;
  readonly #idle: IdleTimer;
  readonly #onClose: () => void;
  #closing: Promise<void> | undefined;

  private constructor(
    id: string,
    point: RecoveryPoint,
    { files, owned }: OpenedFiles,
    idleMs: number,
    onClose: () => void,
  ) {
    this.id = id;
    this.point = point;
    this.#owned = owned;
    this.#files = files;
    this.#onClose = onClose;
    // nobody waits for it; whoever calls next is told that it is closed
    this.#idle = new IdleTimer(idleMs, () => void this[Symbol.asyncDispose]().catch(() => undefined));
  }

  /** Opens what `reader` holds; the session owns it from now on, also when this rejects. */
  static async open(
    id: string,
    reader: PointReader,
    idleMs: number,
    onClose: () => void,
    call?: Call,
    openFiles: OpenFiles = openInProcess,
  ): Promise<BrowseSession> {
    return new BrowseSession(id, reader.point, await openFiles(reader, call), idleMs, onClose);
  }

  /** All volumes, also those that cannot be browsed. */
  get volumes(): readonly BrowsedVolume[] {
    return this.#files.volumes.map(({ volume }) => volume);
  }

  /** How each volume is read, and why so. */
  get ways(): readonly VolumeWay[] {
    return this.#files.volumes.map(({ volume: { id, access }, choice }) => ({
      volume: id,
      way: access,
      ...choice,
    }));
  }

  /** What was noteworthy when the volumes were opened. */
  get findings(): readonly Finding[] {
    return this.#files.findings;
  }

  /** A page of a folder in its own order, each entry with its `stat`; links are not followed, except by `path` itself. */
  async list(
    path: string,
    { from, limit = PAGE }: { readonly from?: string | undefined; readonly limit?: number } = {},
    call?: Call,
  ): Promise<FolderPage> {
    return this.#during(async () => {
      if (this.#files.isVolumeList(path)) return this.#listVolumes(call);
      const { reader, stat, volume } = await this.#files.find(path, { followLast: true }, call);
      if (stat.type !== 'directory') throw notFolder(path);
      const { entries, next, findings } = await reader.list(stat.node, { from, limit }, call);
      const listed = await statAll(reader, entries, call);
      return { entries: listed.entries, next, findings: [...findings, ...listed.findings], volume };
    });
  }

  /** What is known of a path; a link at its end is told, not followed. */
  async stat(path: string, call?: Call): Promise<FileStat> {
    return this.#during(async () => (await this.#files.find(path, { followLast: false }, call)).stat);
  }

  /** Text of a symbolic link. */
  async readLink(path: string, call?: Call): Promise<string> {
    return this.#during(async () => {
      const { reader, stat } = await this.#files.find(path, { followLast: false }, call);
      return reader.readLink(stat.node, call);
    });
  }

  /** Finds a file or folder, following links, to `read` it or take it out. */
  async find(path: string, call?: Call): Promise<FoundFile> {
    return this.#during(() => this.#files.find(path, { followLast: true }, call));
  }

  /** Data and holes of a file. */
  extents(
    { reader, stat }: FoundFile,
    range: ByteRange,
    call?: Call,
  ): AsyncGenerator<Extent, void, undefined> {
    return this.#while(() => reader.extents(stat.node, range, call));
  }

  /** The data of a file, ascending; holes are left out. */
  read(
    { reader, stat }: FoundFile,
    range: ByteRange,
    call?: Call,
  ): AsyncGenerator<FilePiece, void, undefined> {
    return this.#while(() => reader.read(stat.node, range, call));
  }

  /** All bytes of a part of a file, in their order, holes as zeros: for streams, which cannot leave anything out. */
  bytes(
    { reader, stat }: FoundFile,
    range: ByteRange,
    call?: Call,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    return this.#while(() => fillHoles(reader.read(stat.node, range, call), range));
  }

  /** A file or folder with all that is in it, as a tar archive whose names begin with `name`. What is left out is told. */
  tar(
    found: FoundFile,
    name: string,
    onFinding: OnFinding,
    call?: Call,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    return this.#while(() => gatherPieces(tarTree(archiveRequest(found, name, onFinding), call)));
  }

  /** The same as a zip archive. What is left out, and what a zip cannot keep as it is, is told. */
  zip(
    found: FoundFile,
    name: string,
    onFinding: OnFinding,
    call?: Call,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    return this.#while(() => gatherPieces(zipTree(archiveRequest(found, name, onFinding), call)));
  }

  /** Closes the point. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    this.#idle.stop();
    this.#onClose();
    await this.#owned[Symbol.asyncDispose]();
  }

  async #listVolumes(call: Call | undefined): Promise<FolderPage> {
    const entries: ListedEntry[] = [];
    for (const { volume, reader } of this.#files.readable)
      entries.push({ name: volume.id, stat: await reader.stat(reader.root, call) });
    return { entries, next: undefined, findings: this.findings, volume: undefined };
  }

  #checkOpen(): void {
    if (this.#closing !== undefined)
      throw new SendenseError('NOT_OPEN', 'the session is closed', {
        operation: 'browse',
        remedy: 'open the recovery point again',
      });
  }

  #enter(): void {
    this.#checkOpen();
    this.#idle.enter();
  }

  async #during<T>(action: () => Promise<T>): Promise<T> {
    this.#enter();
    try {
      return await action();
    } finally {
      this.#idle.leave();
    }
  }

  /** Holes and what is kept of the disks come without a read, which would notice that the session was closed: each item asks. */
  async *#while<T>(items: () => AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    this.#enter();
    try {
      for await (const item of items()) {
        this.#checkOpen();
        yield item;
      }
    } finally {
      this.#idle.leave();
    }
  }
}

/** Names in an archive never lead above the place where it is unpacked. */
function archiveRequest(
  { reader, stat, volume }: FoundFile,
  name: string,
  onFinding: OnFinding,
): ArchiveRequest {
  const plain = splitPath(name)
    .filter((part) => part !== '..')
    .join('/');
  const { sizeBytes: volumeBytes } = volume;
  return { reader, begin: stat, name: plain === '' ? '.' : plain, volumeBytes, onFinding };
}

/** Inodes are read in their order on the disk, whatever the order of the names is, and many at once. */
async function statAll(
  reader: FileSystemReader,
  entries: readonly DirectoryEntry[],
  call: Call | undefined,
): Promise<{ readonly entries: readonly ListedEntry[]; readonly findings: readonly Finding[] }> {
  const findings: Finding[] = [];
  const listed: ListedEntry[] = entries.map(({ name }) => ({ name, stat: undefined }));
  const limited = limitConcurrency(STATS);
  const statOne = async (index: number, { name, node }: DirectoryEntry): Promise<void> => {
    try {
      listed[index] = { name, stat: await reader.stat(node, call) };
    } catch (error) {
      if (!SendenseError.is(error, 'CORRUPT') && !SendenseError.is(error, 'FORMAT_UNSUPPORTED')) throw error;
      findings.push({ severity: 'error', code: 'file-damaged', message: error.message, object: name });
    }
  };
  const order = [...entries.entries()].sort(([, a], [, b]) => a.node - b.node);
  await Promise.all(order.map(([index, entry]) => limited(() => statOne(index, entry), call?.signal)));
  return { entries: listed, findings };
}

function notFolder(path: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `${JSON.stringify(path)} is no folder`, {
    operation: 'list-folder',
    remedy: 'list the folder above it, or take the file out',
  });
}
