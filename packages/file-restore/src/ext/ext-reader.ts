import type { ByteRange, Call, Extent, Finding } from '@sendense/core';
import { type BlockRun, joinRuns, runsBeforeDamage } from '../bytes/block-run.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { clipRange } from '../bytes/clip-range.ts';
import { damaged, notSupported } from '../bytes/damage.ts';
import { extentsOfRuns, readRuns } from '../bytes/read-runs.ts';
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
import { DirectoryCursor, firstData, type ParsedBlock } from '../folders/directory-cursor.ts';
import { findEntry, listPage } from '../folders/list-folder.ts';
import { trackBlockOwners } from '../folders/track-owners.ts';
import { wrongType } from '../folders/wrong-type.ts';
import { decodeName } from '../paths/entry-name.ts';
import { blockMapRuns } from './block-map.ts';
import { parseDirectoryBlock } from './directory.ts';
import { extentRuns } from './extent-tree.ts';
import { type Inode, parseInode } from './inode.ts';
import { InodeTable } from './inode-table.ts';
import { MapContext } from './map-context.ts';
import type { Superblock } from './superblock.ts';

const ROOT = 2;
/** Shorter links lie in the inode itself. */
const SHORT_LINK = 60;
const MOST_LINK = 65_536;

/** An ext2, ext3 or ext4 file system; `source` is the volume, with its journal laid over it where that was not empty. */
export class ExtReader implements FileSystemReader {
  readonly kind: string;
  readonly label: string;
  readonly uuid: string;
  readonly root: NodeId = ROOT;
  readonly findings: readonly Finding[];
  readonly #source: ByteSource;
  readonly #superblock: Superblock;
  readonly #inodes: InodeTable;

  constructor(source: ByteSource, superblock: Superblock, findings: readonly Finding[]) {
    this.kind = superblock.kind;
    this.label = superblock.label;
    this.uuid = superblock.uuid;
    this.findings = findings;
    this.#source = source;
    this.#superblock = superblock;
    this.#inodes = new InodeTable(source, superblock);
  }

  async stat(node: NodeId, call?: Call): Promise<FileStat> {
    return (await this.#inode(node, call)).stat;
  }

  async list(directory: NodeId, { from, limit }: PageOptions, call?: Call): Promise<DirectoryPage> {
    return listPage(await this.#open(directory, from, call), directory, limit, call);
  }

  async lookup(directory: NodeId, name: string, call?: Call): Promise<DirectoryEntry | undefined> {
    return findEntry(await this.#open(directory, undefined, call), directory, name, call);
  }

  async readLink(node: NodeId, call?: Call): Promise<string> {
    const inode = await this.#inode(node, call);
    if (inode.stat.type !== 'symlink') throw wrongType(node, 'symbolic link');
    refuseUnreadable(inode);
    const { sizeBytes } = inode.stat;
    if (sizeBytes < SHORT_LINK && !inode.hasExtents) return decodeName(inode.block.slice(0, sizeBytes));
    if (sizeBytes > Math.min(MOST_LINK, this.#superblock.blockBytes))
      throw damaged(`the symbolic link of inode ${node} is longer than any`, { inode: node });
    const bytes = new Uint8Array(sizeBytes);
    for await (const piece of this.#read(inode, { offset: 0, length: sizeBytes }, call))
      bytes.set(piece.bytes, piece.offset);
    return decodeName(bytes);
  }

  async *extents(node: NodeId, range: ByteRange, call?: Call): AsyncGenerator<Extent, void, undefined> {
    const inode = await this.#file(node, call);
    const { from, end } = clipRange(range, inode.stat.sizeBytes);
    yield* extentsOfRuns(this.#runs(inode, from, end, call), this.#superblock.blockBytes, { from, end });
  }

  async *read(node: NodeId, range: ByteRange, call?: Call): AsyncGenerator<FilePiece, void, undefined> {
    yield* this.#read(await this.#file(node, call), range, call);
  }

  trackOwners(): OwnerCheck {
    return trackBlockOwners((node, call) => this.#ownRuns(node, call));
  }

  /** What only this file or folder may have; of a folder, as far as its map can be followed. */
  async *#ownRuns(node: NodeId, call: Call | undefined): AsyncGenerator<BlockRun, void, undefined> {
    const inode = await this.#inode(node, call);
    const { type, sizeBytes } = inode.stat;
    const hasBlocks = (type === 'file' || type === 'directory') && !inode.hasInlineData;
    if (!hasBlocks || this.#superblock.hasSharedBlocks) return;
    const open = () => this.#runs(inode, 0, sizeBytes, call);
    yield* type === 'directory' ? runsBeforeDamage(open) : open();
  }

  /** All runs of an inode whatever it is: the journal is no file that a folder names. */
  async *runsOf(node: NodeId, call?: Call): AsyncGenerator<BlockRun, void, undefined> {
    const inode = await this.#inode(node, call);
    yield* this.#runs(inode, 0, inode.stat.sizeBytes, call);
  }

  #read(inode: Inode, range: ByteRange, call: Call | undefined): AsyncGenerator<FilePiece, void, undefined> {
    const { from, end } = clipRange(range, inode.stat.sizeBytes);
    return readRuns(
      this.#source,
      this.#runs(inode, from, end, call),
      this.#superblock.blockBytes,
      { from, end },
      call,
    );
  }

  /** Runs that hold bytes `[from, end)`. */
  #runs(
    inode: Inode,
    from: number,
    end: number,
    call: Call | undefined,
  ): AsyncGenerator<BlockRun, void, undefined> {
    const { blockBytes, blocks } = this.#superblock;
    const context = new MapContext(this.#source, blockBytes, blocks);
    const [first, last] = [Math.floor(from / blockBytes), Math.ceil(end / blockBytes)];
    const runs = inode.hasExtents ? extentRuns : blockMapRuns;
    return joinRuns(runs(context, inode.block, first, last, call));
  }

  async #open(directory: NodeId, from: string | undefined, call: Call | undefined): Promise<DirectoryCursor> {
    const inode = await this.#inode(directory, call);
    if (inode.stat.type !== 'directory') throw wrongType(directory, 'folder');
    refuseUnreadable(inode);
    const { blockBytes, blocks, hasFileTypes } = this.#superblock;
    const sizeBytes = Math.min(inode.stat.sizeBytes, blocks * blockBytes);
    const load = async ({ offset, length }: ByteRange): Promise<Uint8Array> => {
      const bytes = new Uint8Array(length);
      for await (const piece of this.#read(inode, { offset, length }, call))
        bytes.set(piece.bytes, piece.offset - offset);
      return bytes;
    };
    const nextData = (offset: number, most: number): Promise<ByteRange | undefined> =>
      firstData(this.#runs(inode, offset, sizeBytes, call), blockBytes, offset, most);
    const parse = (block: Uint8Array): ParsedBlock => parseDirectoryBlock(block, hasFileTypes);
    return new DirectoryCursor({ nextData, load, parse, hasHoles: false, sizeBytes, blockBytes, from });
  }

  async #file(node: NodeId, call: Call | undefined): Promise<Inode> {
    const inode = await this.#inode(node, call);
    if (inode.stat.type !== 'file') throw wrongType(node, 'file');
    refuseUnreadable(inode);
    return inode;
  }

  async #inode(node: NodeId, call: Call | undefined): Promise<Inode> {
    return parseInode(node, await this.#inodes.read(node, call), this.#superblock);
  }
}

function refuseUnreadable({ stat, isEncrypted, hasInlineData }: Inode): void {
  if (isEncrypted)
    throw notSupported(`inode ${stat.node} is encrypted by its file system`, { inode: stat.node });
  if (hasInlineData)
    throw notSupported(`inode ${stat.node} keeps its data inline, which is not read yet`, {
      inode: stat.node,
    });
}
