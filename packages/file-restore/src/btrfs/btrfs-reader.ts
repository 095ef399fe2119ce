import { type ByteRange, type Call, type Extent, type Finding, SendenseError } from '@sendense/core';
import { damaged } from '../bytes/damage.ts';
import type {
  DirectoryEntry,
  DirectoryPage,
  FilePiece,
  FileStat,
  FileSystemReader,
  NodeId,
  PageOptions,
} from '../file-system-reader.ts';
import { wrongPlace } from '../folders/wrong-place.ts';
import { wrongType } from '../folders/wrong-type.ts';
import { decodeName, encodeName, isPlainName } from '../paths/entry-name.ts';
import type { NameHash } from './checksum.ts';
import { type NamedItem, parseNames } from './directory.ts';
import { type DataPlace, FileData } from './file-data.ts';
import { type BtrfsInode, readInode } from './inode.ts';
import { ITEM, rangeOf, TREE } from './key.ts';
import type { Item } from './node.ts';
import type { NodeIds, Place } from './node-ids.ts';
import type { Subvolumes } from './subvolumes.ts';
import type { Tree } from './tree.ts';

/** No link is longer. */
const MOST_LINK = 4096;
const LEFT_OUT_MODE = 0o755;

/** What a reader is made of. */
export type BtrfsParts = {
  readonly label: string;
  readonly uuid: string;
  readonly findings: readonly Finding[];
  readonly subvolumes: Subvolumes;
  readonly ids: NodeIds;
  readonly place: DataPlace;
  readonly hashName: NameHash;
};

/** A file, and the subvolume that it lies in. */
type Found = BtrfsInode & { readonly place: Place; readonly tree: Tree };

/** A btrfs file system from its top level on: subvolumes and snapshots are folders in it. */
export class BtrfsReader implements FileSystemReader {
  readonly kind = 'btrfs';
  readonly label: string;
  readonly uuid: string;
  readonly root: NodeId;
  readonly findings: readonly Finding[];
  readonly #parts: BtrfsParts;
  #toldFallbacks = 0;

  constructor(parts: BtrfsParts, rootFolder: number) {
    this.label = parts.label;
    this.uuid = parts.uuid;
    this.findings = parts.findings;
    this.root = parts.ids.encode(TREE.top, rootFolder);
    this.#parts = parts;
    this.#toldFallbacks = parts.place.space.fallbacks;
  }

  async stat(node: NodeId, call?: Call): Promise<FileStat> {
    const place = this.#parts.ids.decode(node);
    return place.isLeftOut ? this.#statLeftOut(node, place, call) : (await this.#open(node, call)).stat;
  }

  async list(directory: NodeId, { from, limit }: PageOptions, call?: Call): Promise<DirectoryPage> {
    const begin = from === undefined ? 0 : Number(from);
    if (!Number.isSafeInteger(begin) || begin < 0 || from === '') throw wrongPlace();
    if (this.#parts.ids.decode(directory).isLeftOut) return { entries: [], next: undefined, findings: [] };
    const folder = await this.#folder(directory, call);
    const faults = { damaged: 0 };
    const entries: DirectoryEntry[] = [];
    for await (const item of this.#names(folder, begin, faults, call)) {
      if (entries.length >= limit)
        return {
          entries,
          next: String(item.key.offset),
          findings: this.#findings(directory, faults.damaged),
        };
      const entry = await this.#entryOf(folder, item, call);
      if (entry === undefined) faults.damaged += 1;
      else entries.push(entry);
    }
    return { entries, next: undefined, findings: this.#findings(directory, faults.damaged) };
  }

  async lookup(directory: NodeId, name: string, call?: Call): Promise<DirectoryEntry | undefined> {
    if (this.#parts.ids.decode(directory).isLeftOut || !isPlainName(name)) return undefined;
    const folder = await this.#folder(directory, call);
    const bytes = encodeName(name);
    const item = await folder.tree.find(
      { objectId: folder.place.inode, type: ITEM.dirItem, offset: this.#parts.hashName(bytes) },
      call,
    );
    const names = item === undefined ? [] : parseNames(item.data);
    const named = names.find((candidate) => Buffer.compare(candidate.name, bytes) === 0);
    return named === undefined ? undefined : this.#resolve(folder, named, call);
  }

  async readLink(node: NodeId, call?: Call): Promise<string> {
    const found = await this.#open(node, call);
    const { type, sizeBytes } = found.stat;
    if (type !== 'symlink') throw wrongType(node, 'symbolic link');
    if (sizeBytes > MOST_LINK) throw damaged('a symbolic link is longer than any');
    const text = Buffer.alloc(sizeBytes);
    let done = 0;
    for await (const { offset, bytes } of this.#dataOf(found).read({ offset: 0, length: sizeBytes }, call)) {
      text.set(bytes, offset);
      done += bytes.byteLength;
    }
    if (done < sizeBytes) throw damaged('the text of a symbolic link ends early');
    return decodeName(text);
  }

  async *extents(node: NodeId, range: ByteRange, call?: Call): AsyncGenerator<Extent, void, undefined> {
    yield* this.#dataOf(await this.#file(node, call)).extents(range, call);
  }

  async *read(node: NodeId, range: ByteRange, call?: Call): AsyncGenerator<FilePiece, void, undefined> {
    yield* this.#dataOf(await this.#file(node, call)).read(range, call);
  }

  /** Items that each hold a name of a folder, from a place in it on; what is damaged is counted. */
  async *#names(
    { tree, place }: Found,
    begin: number,
    faults: { damaged: number },
    call: Call | undefined,
  ): AsyncGenerator<Item, void, undefined> {
    const range = rangeOf(place.inode, ITEM.dirIndex, begin);
    const onDamage = (): void => {
      faults.damaged += 1;
    };
    for await (const items of tree.itemsIn(range, call, onDamage)) yield* items;
  }

  /** `undefined`: damaged, or a name that leads elsewhere. */
  async #entryOf(folder: Found, { data }: Item, call: Call | undefined): Promise<DirectoryEntry | undefined> {
    try {
      const [named, ...more] = parseNames(data);
      return named === undefined || more.length > 0 ? undefined : await this.#resolve(folder, named, call);
    } catch (error) {
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
      return undefined;
    }
  }

  async #resolve(
    { place }: Found,
    { name: bytes, target, type }: NamedItem,
    call: Call | undefined,
  ): Promise<DirectoryEntry> {
    const { ids, subvolumes } = this.#parts;
    const name = decodeName(bytes);
    if (!isPlainName(name)) throw damaged('a name in a folder leads elsewhere');
    if (target.type === ITEM.inode) return { name, node: ids.encode(place.subvolume, target.objectId), type };
    const within = { subvolume: place.subvolume, folder: place.inode, name: bytes };
    const node = (await subvolumes.isNested(within, target.objectId, call))
      ? ids.encode(target.objectId, (await subvolumes.open(target.objectId, call)).folder)
      : ids.leftOut(place.subvolume, target.objectId);
    return { name, node, type: 'directory' };
  }

  /** What was damaged of a folder, and for how much a second copy was needed since that was told last. */
  #findings(directory: NodeId, damagedBlocks: number): Finding[] {
    const { fallbacks } = this.#parts.place.space;
    const since = fallbacks - this.#toldFallbacks;
    this.#toldFallbacks = fallbacks;
    return [
      ...(damagedBlocks === 0 ? [] : [folderDamaged(directory, damagedBlocks)]),
      ...toldFallbacks(since),
    ];
  }

  /** As the kernel shows the place of a subvolume that a snapshot does not have, from when the snapshot was made. */
  async #statLeftOut(node: NodeId, { subvolume }: Place, call: Call | undefined): Promise<FileStat> {
    const { folder, madeNs } = await this.#parts.subvolumes.open(subvolume, call);
    const { uid, gid } = (await this.#open(this.#parts.ids.encode(subvolume, folder), call)).stat;
    const times = { mtimeNs: madeNs, atimeNs: madeNs, ctimeNs: madeNs };
    const sizes = { sizeBytes: 0, allocatedBytes: 0 };
    return { node, type: 'directory', mode: LEFT_OUT_MODE, uid, gid, links: 1, ...sizes, ...times };
  }

  #dataOf({ place, tree, stat, isUnchecked }: Found): FileData {
    const file = { tree, inode: place.inode, sizeBytes: stat.sizeBytes, isUnchecked };
    return new FileData(this.#parts.place, file);
  }

  async #folder(directory: NodeId, call: Call | undefined): Promise<Found> {
    const found = await this.#open(directory, call);
    if (found.stat.type !== 'directory') throw wrongType(directory, 'folder');
    return found;
  }

  async #file(node: NodeId, call: Call | undefined): Promise<Found> {
    const found = await this.#open(node, call);
    if (found.stat.type !== 'file') throw wrongType(node, 'file');
    return found;
  }

  async #open(node: NodeId, call: Call | undefined): Promise<Found> {
    const place = this.#parts.ids.decode(node);
    const { tree } = await this.#parts.subvolumes.open(place.subvolume, call);
    const { stat, isUnchecked } = await readInode(tree, place.inode, call);
    return { stat: { ...stat, node }, isUnchecked, place, tree };
  }
}

function folderDamaged(directory: NodeId, blocks: number): Finding {
  const message = `${blocks} names or blocks of the folder with inode ${directory} are damaged: what they held is not listed`;
  return { severity: 'error', code: 'directory-damaged', message };
}

/** What is told where the first copy of something was of no use. */
export function toldFallbacks(count: number): Finding[] {
  if (count === 0) return [];
  const message = `${count} blocks of the btrfs file system were damaged in their first copy, and read from another one: check the disks of the machine`;
  return [{ severity: 'warning', code: 'file-system-errors', message }];
}
