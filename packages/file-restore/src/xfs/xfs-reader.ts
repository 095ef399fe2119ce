import type { ByteRange, Call, Extent, Finding } from '@sendense/core';
import { type BlockRun, runsBeforeDamage } from '../bytes/block-run.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { damaged, notSupported } from '../bytes/damage.ts';
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
import { parseShortFolder, parseXfsBlock } from './directory.ts';
import { xfsRuns } from './extent-map.ts';
import { readXfsInode, type XfsInode } from './inode.ts';
import type { XfsSuperblock } from './superblock.ts';
import { readRemoteLink } from './symbolic-link.ts';

/** Names of a folder lie below this byte of it; behind it are its indexes. */
const NAMES_END = 32 * 2 ** 30;

/** An XFS file system. */
export class XfsReader implements FileSystemReader {
  readonly kind = 'xfs';
  readonly label: string;
  readonly uuid: string;
  readonly root: NodeId;
  readonly findings: readonly Finding[];
  readonly #source: ByteSource;
  readonly #superblock: XfsSuperblock;

  constructor(source: ByteSource, superblock: XfsSuperblock, findings: readonly Finding[]) {
    this.label = superblock.label;
    this.uuid = superblock.uuid;
    this.root = superblock.root;
    this.findings = findings;
    this.#source = source;
    this.#superblock = superblock;
  }

  async stat(node: NodeId, call?: Call): Promise<FileStat> {
    return (await this.#inode(node, call)).stat;
  }

  async list(directory: NodeId, page: PageOptions, call?: Call): Promise<DirectoryPage> {
    return listPage(await this.#open(directory, page.from, call), directory, page.limit, call);
  }

  async lookup(directory: NodeId, name: string, call?: Call): Promise<DirectoryEntry | undefined> {
    return findEntry(await this.#open(directory, undefined, call), directory, name, call);
  }

  async readLink(node: NodeId, call?: Call): Promise<string> {
    const inode = await this.#inode(node, call);
    const { stat, format, fork } = inode;
    if (stat.type !== 'symlink') throw wrongType(node, 'symbolic link');
    if (format === 'local') {
      if (stat.sizeBytes > fork.bytes.byteLength)
        throw damaged(`the symbolic link of inode ${node} is longer than its inode`, { inode: node });
      return decodeName(fork.slice(0, stat.sizeBytes));
    }
    // headers take space in its blocks: there may be one more than the text needs
    const runs = this.#bytesOf(inode).runs(0, stat.sizeBytes + this.#superblock.blockBytes, call);
    return decodeName(await readRemoteLink(this.#source, this.#superblock, stat, runs, call));
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

  /**
   * What only this file or folder may have; of a folder, as far as its map can be followed. None of one that has reflinks, whose blocks
   * are those of others as well.
   */
  async *#ownRuns(node: NodeId, call: Call | undefined): AsyncGenerator<BlockRun, void, undefined> {
    const inode = await this.#inode(node, call);
    const isMapped = inode.format === 'extents' || inode.format === 'btree';
    const isShared = inode.isRealtime || inode.isReflinked;
    if (!isMapped || isShared) return;
    const open = () => this.#bytesOf(inode).runs(0, inode.stat.sizeBytes, call);
    yield* inode.stat.type === 'directory' ? runsBeforeDamage(open) : open();
  }

  #bytesOf(inode: XfsInode): MappedBytes {
    const { blockBytes } = this.#superblock;
    return new MappedBytes(this.#source, blockBytes, inode.stat.sizeBytes, (window, call) =>
      xfsRuns(this.#source, this.#superblock, inode, window, call),
    );
  }

  async #open(directory: NodeId, from: string | undefined, call: Call | undefined): Promise<DirectoryCursor> {
    const inode = await this.#inode(directory, call);
    if (inode.stat.type !== 'directory') throw wrongType(directory, 'folder');
    if (inode.format === 'local') return this.#shortFolder(inode, from);
    const { directoryBlockBytes, blockBytes, blocks } = this.#superblock;
    const sizeBytes = Math.min(inode.stat.sizeBytes, NAMES_END, blocks * blockBytes);
    const bytes = this.#bytesOf(inode);
    const load = (range: ByteRange): Promise<Uint8Array> => bytes.load(range, call);
    const nextData = (offset: number, most: number): Promise<ByteRange | undefined> =>
      firstData(bytes.runs(offset, sizeBytes, call), blockBytes, offset, most);
    const parse = (block: Uint8Array): ParsedBlock => parseXfsBlock(block, this.#superblock, directory);
    const folder = {
      nextData,
      load,
      parse,
      hasHoles: true,
      sizeBytes,
      blockBytes: directoryBlockBytes,
      from,
    };
    return new DirectoryCursor(folder);
  }

  /** A folder in its inode: one block of it. */
  #shortFolder({ fork, stat }: XfsInode, from: string | undefined): DirectoryCursor {
    const size = fork.bytes.byteLength;
    return new DirectoryCursor({
      nextData: (offset) => Promise.resolve({ offset, length: size - offset }),
      load: () => Promise.resolve(fork.bytes),
      parse: () => parseShortFolder(fork, stat.sizeBytes, this.#superblock),
      hasHoles: false,
      sizeBytes: size,
      blockBytes: size,
      from,
    });
  }

  async #file(node: NodeId, call: Call | undefined): Promise<XfsInode> {
    const inode = await this.#inode(node, call);
    if (inode.stat.type !== 'file') throw wrongType(node, 'file');
    if (inode.isRealtime)
      throw notSupported(`inode ${node} keeps its data on a realtime device, which is not read`, {
        inode: node,
      });
    return inode;
  }

  #inode(node: NodeId, call: Call | undefined): Promise<XfsInode> {
    return readXfsInode(this.#source, this.#superblock, node, call);
  }
}
