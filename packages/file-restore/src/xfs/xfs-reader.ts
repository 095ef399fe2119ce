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
    const runs = this.#runs(inode, 0, stat.sizeBytes + this.#superblock.blockBytes, call);
    return decodeName(await readRemoteLink(this.#source, this.#superblock, stat, runs, call));
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

  /**
   * What only this file or folder may have; of a folder, as far as its map can be followed. None of one that has reflinks, whose blocks
   * are those of others as well.
   */
  async *#ownRuns(node: NodeId, call: Call | undefined): AsyncGenerator<BlockRun, void, undefined> {
    const inode = await this.#inode(node, call);
    const isMapped = inode.format === 'extents' || inode.format === 'btree';
    const isShared = inode.isRealtime || inode.isReflinked;
    if (!isMapped || isShared) return;
    const open = () => this.#runs(inode, 0, inode.stat.sizeBytes, call);
    yield* inode.stat.type === 'directory' ? runsBeforeDamage(open) : open();
  }

  #read(
    inode: XfsInode,
    range: ByteRange,
    call: Call | undefined,
  ): AsyncGenerator<FilePiece, void, undefined> {
    const { from, end } = clipRange(range, inode.stat.sizeBytes);
    const { blockBytes } = this.#superblock;
    return readRuns(this.#source, this.#runs(inode, from, end, call), blockBytes, { from, end }, call);
  }

  /** Runs that hold bytes `[from, end)`. */
  #runs(
    inode: XfsInode,
    from: number,
    end: number,
    call: Call | undefined,
  ): AsyncGenerator<BlockRun, void, undefined> {
    const { blockBytes } = this.#superblock;
    const window = { first: Math.floor(from / blockBytes), end: Math.ceil(end / blockBytes) };
    return joinRuns(xfsRuns(this.#source, this.#superblock, inode, window, call));
  }

  async #open(directory: NodeId, from: string | undefined, call: Call | undefined): Promise<DirectoryCursor> {
    const inode = await this.#inode(directory, call);
    if (inode.stat.type !== 'directory') throw wrongType(directory, 'folder');
    if (inode.format === 'local') return this.#shortFolder(inode, from);
    const { directoryBlockBytes, blockBytes, blocks } = this.#superblock;
    const sizeBytes = Math.min(inode.stat.sizeBytes, NAMES_END, blocks * blockBytes);
    const load = async ({ offset, length }: ByteRange): Promise<Uint8Array> => {
      const bytes = new Uint8Array(length);
      for await (const piece of this.#read(inode, { offset, length }, call))
        bytes.set(piece.bytes, piece.offset - offset);
      return bytes;
    };
    const nextData = (offset: number, most: number): Promise<ByteRange | undefined> =>
      firstData(this.#runs(inode, offset, sizeBytes, call), blockBytes, offset, most);
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
