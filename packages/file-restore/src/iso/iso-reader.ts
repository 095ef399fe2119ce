import type { ByteRange, Call, Extent, Finding } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import { notSupported } from '../bytes/damage.ts';
import type { MappedBytes } from '../bytes/mapped-bytes.ts';
import { wrongEntry } from '../fat/entry-errors.ts';
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
import { trackBlockOwners } from '../folders/track-owners.ts';
import { storedBytes } from './file-parts.ts';
import { findEntry, listEntries } from './folder-entries.ts';
import type { Folder } from './folder-records.ts';
import { type IsoNode, linkOf, readNode, statOf } from './iso-node.ts';
import type { IsoVolume } from './iso-volume.ts';
import { LinkedFiles } from './linked-files.ts';
import { ZisofsBytes } from './zisofs-bytes.ts';

/** What tells a disc from others. */
type Identity = { readonly label: string; readonly uuid: string };

/** A file system of ISO 9660, by one of its trees. A node is the byte of the volume where its record lies. */
export class IsoReader implements FileSystemReader {
  readonly kind = 'iso9660';
  readonly label: string;
  readonly uuid: string;
  readonly root: NodeId;
  readonly findings: readonly Finding[];
  readonly #volume: IsoVolume;
  readonly #linked = new LinkedFiles();

  constructor(volume: IsoVolume, { label, uuid }: Identity, findings: readonly Finding[]) {
    this.label = label;
    this.uuid = uuid;
    this.root = volume.rootAt;
    this.findings = findings;
    this.#volume = volume;
  }

  async stat(node: NodeId, call?: Call): Promise<FileStat> {
    const found = await readNode(this.#volume, node, call);
    return statOf(this.#volume, this.#linked.firstName(node, found), found);
  }

  async list(directory: NodeId, page: PageOptions, call?: Call): Promise<DirectoryPage> {
    return listEntries(this.#volume, await this.#folder(directory, call), page, call);
  }

  async lookup(directory: NodeId, name: string, call?: Call): Promise<DirectoryEntry | undefined> {
    return findEntry(this.#volume, await this.#folder(directory, call), name, call);
  }

  async readLink(node: NodeId, call?: Call): Promise<string> {
    const { type, rockRidge } = await readNode(this.#volume, node, call);
    if (type !== 'symlink') throw wrongEntry(node, 'symbolic link');
    return linkOf(rockRidge);
  }

  async *extents(node: NodeId, range: ByteRange, call?: Call): AsyncGenerator<Extent, void, undefined> {
    yield* (await this.#file(node, call)).extents(range, call);
  }

  async *read(node: NodeId, range: ByteRange, call?: Call): AsyncGenerator<FilePiece, void, undefined> {
    yield* (await this.#file(node, call)).read(range, call);
  }

  /** Files may share their data; folders may not. */
  trackOwners(): OwnerCheck {
    return trackBlockOwners((node, call) => this.#folderRuns(node, call));
  }

  async *#folderRuns(node: NodeId, call: Call | undefined): AsyncGenerator<BlockRun, void, undefined> {
    const { type, parts } = await readNode(this.#volume, node, call);
    const { blockBytes } = this.#volume;
    if (type !== 'directory') return;
    const blocks = Math.ceil((parts[0]?.sizeBytes ?? 0) / blockBytes);
    if (blocks > 0) yield { fileBlock: 0, blocks, volumeBlock: Math.floor(node / blockBytes) };
  }

  async #folder(node: NodeId, call: Call | undefined): Promise<Folder> {
    const { type, parts } = await readNode(this.#volume, node, call);
    if (type !== 'directory') throw wrongEntry(node, 'folder');
    return { at: node, sizeBytes: parts[0]?.sizeBytes ?? 0 };
  }

  async #file(node: NodeId, call: Call | undefined): Promise<MappedBytes | ZisofsBytes> {
    const found = await readNode(this.#volume, node, call);
    if (found.type !== 'file') throw wrongEntry(node, 'file');
    if (found.rockRidge.isSparse === true)
      throw notSupported('the file is kept without its holes, by SF of Rock Ridge');
    return this.#bytesOf(found);
  }

  #bytesOf({ parts, rockRidge: { zisofs } }: IsoNode): MappedBytes | ZisofsBytes {
    const stored = storedBytes(this.#volume, parts);
    return zisofs === undefined ? stored : new ZisofsBytes(stored, zisofs);
  }
}
