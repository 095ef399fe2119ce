import type { ByteRange, Call, Extent, Finding } from '@sendense/core';
import { type BlockRun, runsBeforeDamage } from '../bytes/block-run.ts';
import { clipRange } from '../bytes/clip-range.ts';
import { damaged } from '../bytes/damage.ts';
import { damagedFolder, wrongEntry } from '../fat/entry-errors.ts';
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
import { wrongPlace } from '../folders/wrong-place.ts';
import { MOST_NAME_LENGTH, type UpCase } from '../ntfs/up-case.ts';
import { allocatedBytes, allocatedRuns, type ExfatVolume } from './allocation.ts';
import { ENTRY_BYTES, type EntrySet, statOf } from './entry-set.ts';
import { type Folder, folderItems, folderRuns, MOST_FOLDER_BYTES } from './folder-sets.ts';
import { nodeOf, placeOf, readEntrySet } from './set-node.ts';
import type { SetItem } from './set-parser.ts';

/** The root folder has no entry of its own; no entry begins at byte 0, where the boot region lies. */
const ROOT = 0;

/** What tells a volume from others, and how it compares names: `undefined` where that is damaged. */
type Identity = { readonly label: string; readonly upCase: UpCase | undefined };

/** An exFAT file system. */
export class ExfatReader implements FileSystemReader {
  readonly kind = 'exfat';
  readonly label: string;
  readonly uuid: string;
  readonly root: NodeId = ROOT;
  readonly findings: readonly Finding[];
  readonly #volume: ExfatVolume;
  readonly #upCase: UpCase | undefined;

  constructor(volume: ExfatVolume, { label, upCase }: Identity, findings: readonly Finding[]) {
    this.label = label;
    this.uuid = volume.layout.serial;
    this.findings = findings;
    this.#volume = volume;
    this.#upCase = upCase;
  }

  async stat(node: NodeId, call?: Call): Promise<FileStat> {
    return statOf(node, await this.#set(node, call), this.#volume.layout.clusterBytes);
  }

  async list(directory: NodeId, { from, limit }: PageOptions, call?: Call): Promise<DirectoryPage> {
    const begin = from === undefined ? 0 : Number(from);
    const isPlace = Number.isInteger(begin / ENTRY_BYTES) && begin >= 0 && begin <= MOST_FOLDER_BYTES;
    if (!isPlace || from === '') throw wrongPlace();
    const folder = await this.#folder(directory, call);
    const entries: DirectoryEntry[] = [];
    let [damagedSets, end] = [0, begin];
    let [next, cut]: (string | undefined)[] = [];
    for await (const item of folderItems(this.#volume, folder, begin, call)) {
      if (entries.length >= limit && item.kind !== 'cut') {
        next = String(end);
        break;
      }
      if (item.kind === 'cut') cut = item.why;
      else if (item.kind === 'damaged') damagedSets += 1;
      else {
        entries.push(describe(folder, item));
        end = item.end;
      }
    }
    return { entries, next, findings: told(placeOf(directory).at, damagedSets, cut) };
  }

  /** The entry with exactly this name; else the first that the volume takes for the same, which knows no case. */
  async lookup(directory: NodeId, name: string, call?: Call): Promise<DirectoryEntry | undefined> {
    const folder = await this.#folder(directory, call);
    if (name.length > MOST_NAME_LENGTH) return undefined;
    const wanted = this.#upCase?.(name);
    let isDamaged = this.#upCase === undefined;
    let alike: DirectoryEntry | undefined;
    for await (const item of folderItems(this.#volume, folder, 0, call)) {
      if (item.kind !== 'set') {
        isDamaged = true;
        continue;
      }
      const known = item.set.name;
      if (known === name) return describe(folder, item);
      if (known.length === name.length && wanted !== undefined && this.#upCase?.(known) === wanted)
        alike ??= describe(folder, item);
    }
    if (alike === undefined && isDamaged)
      throw damaged(
        `the folder at byte ${placeOf(directory).at}, or the table of letters, is damaged: ${JSON.stringify(name)} may have been in it`,
      );
    return alike;
  }

  readLink(node: NodeId): Promise<string> {
    return Promise.reject(wrongEntry(placeOf(node).at, 'symbolic link'));
  }

  trackOwners(): OwnerCheck {
    return trackBlockOwners((node, call) => runsBeforeDamage(() => this.#ownRuns(node, call)));
  }

  /** Behind what was written, all is zeros. */
  async *extents(node: NodeId, range: ByteRange, call?: Call): AsyncGenerator<Extent, void, undefined> {
    const { data, validBytes } = await this.#file(node, call);
    yield* allocatedBytes(this.#volume, { ...data, sizeBytes: validBytes }).extents(range, call);
    const { from, end } = clipRange(range, data.sizeBytes);
    const start = Math.max(from, validBytes);
    if (start < end) yield { offset: start, length: end - start, kind: 'zero' };
  }

  async *read(node: NodeId, range: ByteRange, call?: Call): AsyncGenerator<FilePiece, void, undefined> {
    const { data, validBytes } = await this.#file(node, call);
    yield* allocatedBytes(this.#volume, { ...data, sizeBytes: validBytes }).read(range, call);
  }

  async *#ownRuns(node: NodeId, call: Call | undefined): AsyncGenerator<BlockRun, void, undefined> {
    const { isFolder, data } = await this.#set(node, call);
    if (!isFolder) yield* allocatedRuns(this.#volume, data, call);
    else yield* folderRuns(this.#volume, await this.#folder(node, call), call);
  }

  async #file(node: NodeId, call: Call | undefined): Promise<EntrySet> {
    const set = await this.#set(node, call);
    if (set.isFolder) throw wrongEntry(placeOf(node).at, 'file');
    return set;
  }

  async #folder(node: NodeId, call: Call | undefined): Promise<Folder> {
    const { isFolder, data } = await this.#set(node, call);
    if (!isFolder) throw wrongEntry(placeOf(node).at, 'folder');
    return node === ROOT ? rootOf(this.#volume) : data;
  }

  async #set(node: NodeId, call: Call | undefined): Promise<EntrySet> {
    return node === ROOT ? ROOT_SET : readEntrySet(this.#volume, node, call);
  }
}

/** The root folder, which always is a chain. */
export function rootOf({ layout }: ExfatVolume): Folder {
  return { first: layout.rootCluster, isContiguous: false, sizeBytes: undefined };
}

/** What the set of the root folder would be. */
const ROOT_SET: EntrySet = {
  name: '',
  isFolder: true,
  data: { first: 0, isContiguous: false, sizeBytes: 0 },
  validBytes: 0,
  mode: 0o755,
  mtimeNs: 0n,
  atimeNs: 0n,
};

function describe({ isContiguous }: Folder, { set, at }: Extract<SetItem, { kind: 'set' }>): DirectoryEntry {
  return { name: set.name, node: nodeOf({ at, isContiguous }), type: set.isFolder ? 'directory' : 'file' };
}

function told(at: number, damagedSets: number, cut: string | undefined): Finding[] {
  return [
    ...(damagedSets === 0 ? [] : [damagedFolder(at, `has ${damagedSets} damaged names that are not listed`)]),
    ...(cut === undefined ? [] : [damagedFolder(at, `is listed in part: ${cut}`)]),
  ];
}
