import { type ByteRange, type Call, type Extent, type Finding, SendenseError } from '@sendense/core';
import { type BlockRun, runsBeforeDamage } from '../bytes/block-run.ts';
import { damaged, notSupported } from '../bytes/damage.ts';
import type {
  DirectoryEntry,
  DirectoryPage,
  FilePiece,
  FileStat,
  FileSystemReader,
  NodeId,
  OwnerCheck,
  PageOptions,
} from '../file-system-reader.ts';
import type { DirectoryCursor } from '../folders/directory-cursor.ts';
import { listPage } from '../folders/list-folder.ts';
import { trackBlockOwners } from '../folders/track-owners.ts';
import { wrongType } from '../folders/wrong-type.ts';
import { ATTRIBUTE } from './attribute.ts';
import { isMapped, streamRuns, valueBytes, writtenBytes } from './attribute-stream.ts';
import { type FileData, fileData } from './file-data.ts';
import { type FileReference, nodeOf, referenceOf } from './file-reference.ts';
import { NAMES, openFolder } from './folder-index.ts';
import type { MasterFileTable } from './master-file-table.ts';
import type { NtfsFile } from './ntfs-file.ts';
import { readNtfsNode } from './ntfs-node.ts';
import { STORED_STREAM, systemCompressedData } from './system-compressed.ts';
import { MOST_NAME_LENGTH, readUpCase, type UpCase } from './up-case.ts';

/** What tells a volume from others. */
type Identity = { readonly root: FileReference; readonly label: string; readonly serial: string };

/** An NTFS file system. A file or folder is named by its record of the master file table and the sequence number of that. */
export class NtfsReader implements FileSystemReader {
  readonly kind = 'ntfs';
  readonly label: string;
  readonly uuid: string;
  readonly root: NodeId;
  readonly findings: readonly Finding[];
  readonly #table: MasterFileTable;
  #upCase: UpCase | undefined;

  constructor(table: MasterFileTable, { root, label, serial }: Identity, findings: readonly Finding[]) {
    this.label = label;
    this.uuid = serial;
    this.root = nodeOf(root);
    this.findings = findings;
    this.#table = table;
  }

  async stat(node: NodeId, call?: Call): Promise<FileStat> {
    return (await readNtfsNode(this.#table, node, call)).stat;
  }

  async list(directory: NodeId, page: PageOptions, call?: Call): Promise<DirectoryPage> {
    const { cursor, unread } = await this.#open(directory, page.from, call);
    const { record } = referenceOf(directory);
    const listed = await listPage(cursor, record, page.limit, call);
    if (unread === undefined || page.from !== undefined) return listed;
    return { ...listed, findings: [contentElsewhere(record, unread), ...listed.findings] };
  }

  /**
   * The entry with exactly this name; else the first that Windows takes for the same, which knows no case. Of a damaged folder no other
   * name than the exact one is given: there may be names that differ in nothing but case, and the one that was meant may be lost.
   * Rejects with `FORMAT_UNSUPPORTED` for a name that is not here, of a folder that may have more elsewhere.
   */
  async lookup(directory: NodeId, name: string, call?: Call): Promise<DirectoryEntry | undefined> {
    const { cursor, unread } = await this.#open(directory, undefined, call);
    if (name.length > MOST_NAME_LENGTH) return undefined;
    const upCase = await this.#knownUpCase(call);
    const wanted = upCase?.(name) ?? name;
    let alike: DirectoryEntry | undefined;
    for (let entry = await cursor.next(call); entry !== undefined; entry = await cursor.next(call)) {
      if (entry.name === name) return entry;
      if (entry.name.length === name.length && upCase?.(entry.name) === wanted) alike ??= entry;
    }
    const { record } = referenceOf(directory);
    if (cursor.damagedBlocks > 0 || upCase === undefined)
      throw damaged(
        `the folder of MFT record ${record}, or the table of letters, is damaged: ${JSON.stringify(name)} may have been in it`,
        { record },
      );
    if (alike === undefined && unread !== undefined) throw nameElsewhere(record, unread, name);
    return alike;
  }

  async readLink(node: NodeId, call?: Call): Promise<string> {
    const { target } = await readNtfsNode(this.#table, node, call);
    if (target === undefined) throw wrongType(referenceOf(node).record, 'symbolic link');
    return target;
  }

  async *extents(node: NodeId, range: ByteRange, call?: Call): AsyncGenerator<Extent, void, undefined> {
    yield* (await this.#data(node, call)).extents(range, call);
  }

  async *read(node: NodeId, range: ByteRange, call?: Call): AsyncGenerator<FilePiece, void, undefined> {
    yield* (await this.#data(node, call)).read(range, call);
  }

  trackOwners(): OwnerCheck {
    return trackBlockOwners((node, call) => this.#ownRuns(node, call));
  }

  /** What only this file or folder may have; of a folder, as far as its map can be followed. */
  async *#ownRuns(node: NodeId, call: Call | undefined): AsyncGenerator<BlockRun, void, undefined> {
    const file = await this.#table.file(referenceOf(node), call);
    if (file.record.isFolder) {
      yield* runsBeforeDamage(() => this.#runsOf(file, ATTRIBUTE.indexAllocation, NAMES, call));
      return;
    }
    for (const name of ['', STORED_STREAM]) yield* this.#runsOf(file, ATTRIBUTE.data, name, call);
  }

  async *#runsOf(
    file: NtfsFile,
    type: number,
    name: string,
    call: Call | undefined,
  ): AsyncGenerator<BlockRun, void, undefined> {
    const stream = await file.find(type, name, call);
    if (stream === undefined || !isMapped(stream)) return;
    const { volume } = this.#table;
    const window = { first: 0, end: Math.ceil(writtenBytes(stream) / volume.clusterBytes) };
    yield* streamRuns(volume, stream, window, call);
  }

  async #data(node: NodeId, call: Call | undefined): Promise<FileData> {
    const { record } = referenceOf(node);
    const { stat, data, packed, unread } = await readNtfsNode(this.#table, node, call);
    if (stat.type !== 'file') throw wrongType(record, 'file');
    if (unread !== undefined) throw notSupported(`the file of MFT record ${record} ${unread}`, { record });
    const { volume } = this.#table;
    if (packed === undefined) return fileData(volume, data);
    const stored = fileData(volume, packed.stream);
    const { sizeBytes } = stat;
    return systemCompressedData({
      stored,
      storedBytes: valueBytes(packed.stream),
      sizeBytes,
      packing: packed.packing,
    });
  }

  /** The names of a folder, and why they may not be all. */
  async #open(
    directory: NodeId,
    from: string | undefined,
    call: Call | undefined,
  ): Promise<{ readonly cursor: DirectoryCursor; readonly unread: string | undefined }> {
    const { file, stat, unread } = await readNtfsNode(this.#table, directory, call);
    if (stat.type !== 'directory') throw wrongType(referenceOf(directory).record, 'folder');
    return { cursor: await openFolder(this.#table.volume, file, from, call), unread };
  }

  /** How names are compared; `undefined` where that is damaged. */
  async #knownUpCase(call: Call | undefined): Promise<UpCase | undefined> {
    try {
      this.#upCase ??= await readUpCase(this.#table, call);
      return this.#upCase;
    } catch (error) {
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
      return undefined;
    }
  }
}

function nameElsewhere(record: number, how: string, name: string): SendenseError {
  return notSupported(
    `the folder of MFT record ${record} ${how}: ${JSON.stringify(name)}, which is not here, may be there`,
    { record },
  );
}

/** Told of a folder of which others, in the cloud or another store, may have more than this volume. */
function contentElsewhere(record: number, how: string): Finding {
  return {
    severity: 'warning',
    code: 'folder-elsewhere',
    message: `the folder of MFT record ${record} ${how}: what is listed may not be all that it holds`,
  };
}
