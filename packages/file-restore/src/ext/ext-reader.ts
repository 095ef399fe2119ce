import type { ByteRange, Call, Extent, Finding } from '@sendense/core';
import { type BlockRun, runsBeforeDamage } from '../bytes/block-run.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { damaged, notSupported } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import { MappedBytes } from '../bytes/mapped-bytes.ts';
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
import { isFolderBlockSound } from './metadata-checksums.ts';
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
  readonly bytes: ByteSource;
  readonly #superblock: Superblock;
  readonly #inodes: InodeTable;
  #toldGroups = 0;

  constructor(source: ByteSource, superblock: Superblock, findings: readonly Finding[]) {
    this.kind = superblock.kind;
    this.label = superblock.label;
    this.uuid = superblock.uuid;
    this.findings = findings;
    this.bytes = source;
    this.#superblock = superblock;
    this.#inodes = new InodeTable(source, superblock);
  }

  async stat(node: NodeId, call?: Call): Promise<FileStat> {
    return (await this.#inode(node, call)).stat;
  }

  async list(directory: NodeId, { from, limit }: PageOptions, call?: Call): Promise<DirectoryPage> {
    const page = await listPage(await this.#open(directory, from, call), directory, limit, call);
    const wrong = this.#inodes.damagedGroups - this.#toldGroups;
    this.#toldGroups += wrong;
    return wrong === 0 ? page : { ...page, findings: [...page.findings, groupsDamaged(wrong)] };
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
    return decodeName(await this.#bytesOf(inode).load({ offset: 0, length: sizeBytes }, call));
  }

  async *extents(node: NodeId, range: ByteRange, call?: Call): AsyncGenerator<Extent, void, undefined> {
    yield* this.#bytesOf(await this.#file(node, call)).extents(range, call);
  }

  async *read(node: NodeId, range: ByteRange, call?: Call): AsyncGenerator<FilePiece, void, undefined> {
    yield* this.#bytesOf(await this.#file(node, call)).read(range, call);
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
    const open = () => this.#bytesOf(inode).runs(0, sizeBytes, call);
    yield* type === 'directory' ? runsBeforeDamage(open) : open();
  }

  /** All runs of an inode whatever it is: the journal is no file that a folder names. */
  async *runsOf(node: NodeId, call?: Call): AsyncGenerator<BlockRun, void, undefined> {
    const inode = await this.#inode(node, call);
    yield* this.#bytesOf(inode).runs(0, inode.stat.sizeBytes, call);
  }

  #bytesOf(inode: Inode): MappedBytes {
    const { blockBytes, blocks } = this.#superblock;
    const runs = inode.hasExtents ? extentRuns : blockMapRuns;
    return new MappedBytes(this.bytes, blockBytes, inode.stat.sizeBytes, ({ first, end }, call) =>
      // what one walk may come across is counted in its context
      runs(new MapContext(this.bytes, blockBytes, blocks, inode.checksumSeed), inode.block, first, end, call),
    );
  }

  async #open(directory: NodeId, from: string | undefined, call: Call | undefined): Promise<DirectoryCursor> {
    const inode = await this.#inode(directory, call);
    if (inode.stat.type !== 'directory') throw wrongType(directory, 'folder');
    refuseUnreadable(inode);
    const { blockBytes, blocks, hasFileTypes } = this.#superblock;
    const { checksumSeed, hasIndex } = inode;
    const sizeBytes = Math.min(inode.stat.sizeBytes, blocks * blockBytes);
    const bytes = this.#bytesOf(inode);
    const load = (range: ByteRange): Promise<Uint8Array> => bytes.load(range, call);
    const nextData = (offset: number, most: number): Promise<ByteRange | undefined> =>
      firstData(bytes.runs(offset, sizeBytes, call), blockBytes, offset, most);
    const parse = (block: Uint8Array): ParsedBlock =>
      checksumSeed === undefined || isFolderBlockSound(checksumSeed, new Fields(block), hasIndex)
        ? parseDirectoryBlock(block, hasFileTypes)
        : { entries: [], isDamaged: true };
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

function groupsDamaged(count: number): Finding {
  const message = `the descriptors of ${count} more block groups do not have their checksums: files in them may be missing or wrong`;
  return { severity: 'warning', code: 'file-system-errors', message };
}

function refuseUnreadable({ stat, isEncrypted, hasInlineData }: Inode): void {
  if (isEncrypted)
    throw notSupported(`inode ${stat.node} is encrypted by its file system`, { inode: stat.node });
  if (hasInlineData)
    throw notSupported(`inode ${stat.node} keeps its data inline, which is not read yet`, {
      inode: stat.node,
    });
}
