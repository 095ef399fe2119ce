import { type ByteRange, type Call, type Extent, type Finding, SendenseError } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { clipRange } from '../bytes/clip-range.ts';
import { checkInside, damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import { partOf } from '../bytes/mapped-source.ts';
import { NumberSet } from '../bytes/number-set.ts';
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
import { wrongPlace } from '../folders/wrong-place.ts';
import { type FatLayout, readFatLayout } from './boot-sector.ts';
import { clusterChain, wholeChain } from './cluster-chain.ts';
import { ENTRY_BYTES, type FatEntry, firstCluster, parseFatDirectory, statOf } from './directory-entries.ts';
import { damagedFolder, wrongEntry } from './entry-errors.ts';
import { readFatState } from './volume-state.ts';

/** The root folder has no entry of its own; no entry begins at byte 0, where the boot sector lies. */
const ROOT = 0;
/** The specification ends folders at 65,536 entries, which is 2 MiB. */
const MOST_FOLDER_BYTES = 4 * 1024 * 1024;

/** A folder as bytes, and where they lie on the volume. */
type Folder = {
  readonly bytes: Uint8Array;
  readonly places: readonly { readonly start: number; readonly at: number }[];
  /** Why it is not the whole folder; `undefined`: it is. */
  readonly damage: string | undefined;
};

/** Opens a FAT12, FAT16 or FAT32 file system. Rejects with `CORRUPT`. */
export async function openFat(source: ByteSource, call?: Call): Promise<FileSystemReader> {
  const layout = await readFatLayout(source, call);
  return new FatReader(source, layout, await readFatState(source, layout, call));
}

/** A file or folder is named by the byte of the volume where its entry begins. */
class FatReader implements FileSystemReader {
  readonly kind: string;
  readonly label: string;
  readonly uuid: string;
  readonly root: NodeId = ROOT;
  readonly findings: readonly Finding[];
  readonly #source: ByteSource;
  readonly #layout: FatLayout;
  readonly #data: ByteSource;

  constructor(source: ByteSource, layout: FatLayout, findings: readonly Finding[]) {
    this.findings = findings;
    this.kind = layout.kind;
    this.label = layout.label;
    this.uuid = layout.serial;
    this.#source = source;
    this.#layout = layout;
    this.#data = partOf(source, layout.dataAt, layout.clusters * layout.clusterBytes);
  }

  async stat(node: NodeId, call?: Call): Promise<FileStat> {
    if (node === ROOT) return statOf(ROOT, rootEntry(), this.#layout.clusterBytes);
    return statOf(node, await this.#entry(node, call), this.#layout.clusterBytes);
  }

  async list(directory: NodeId, { from, limit }: PageOptions, call?: Call): Promise<DirectoryPage> {
    const folder = await this.#folder(directory, call);
    const begin = from === undefined ? 0 : Number(from);
    if (!Number.isInteger(begin / ENTRY_BYTES) || begin < 0 || begin > folder.bytes.byteLength)
      throw wrongPlace();
    const { entries, isDamaged } = parseFatDirectory(folder.bytes, begin);
    const page = entries.slice(0, limit);
    const last = page.at(-1);
    return {
      entries: page.map((entry) => describe(folder, entry)),
      next: last !== undefined && page.length < entries.length ? String(last.at + ENTRY_BYTES) : undefined,
      findings: [
        ...(isDamaged
          ? [damagedFolder(directory, 'has names that lead elsewhere: they are not listed')]
          : []),
        ...(folder.damage === undefined
          ? []
          : [damagedFolder(directory, `is listed in part: ${folder.damage}`)]),
      ],
    };
  }

  /** Names differ by more than case. */
  async lookup(directory: NodeId, name: string, call?: Call): Promise<DirectoryEntry | undefined> {
    const folder = await this.#folder(directory, call);
    const { entries, isDamaged } = parseFatDirectory(folder.bytes, 0);
    const found =
      entries.find((entry) => entry.name === name) ??
      entries.find((entry) => entry.name.toLowerCase() === name.toLowerCase());
    if (found === undefined && (isDamaged || folder.damage !== undefined))
      throw damaged(
        `the folder at byte ${directory} is damaged: ${JSON.stringify(name)} may have been in it`,
      );
    return found && describe(folder, found);
  }

  readLink(node: NodeId): Promise<string> {
    return Promise.reject(wrongEntry(node, 'symbolic link'));
  }

  trackOwners(): OwnerCheck {
    const taken = new NumberSet();
    return async (node, call) => {
      for await (const { volumeBlock } of this.#clustersOf(node, call))
        if (!taken.add(volumeBlock))
          throw damaged('its clusters belong to another file or folder as well', { entryAt: node });
    };
  }

  async *extents(node: NodeId, range: ByteRange, call?: Call): AsyncGenerator<Extent, void, undefined> {
    const { runs, from, end } = await this.#file(node, range, call);
    yield* extentsOfRuns(runs, this.#layout.clusterBytes, { from, end });
  }

  async *read(node: NodeId, range: ByteRange, call?: Call): AsyncGenerator<FilePiece, void, undefined> {
    const { runs, from, end } = await this.#file(node, range, call);
    yield* readRuns(this.#data, runs, this.#layout.clusterBytes, { from, end }, call);
  }

  async #file(node: NodeId, range: ByteRange, call: Call | undefined) {
    const fields = node === ROOT ? rootEntry() : await this.#entry(node, call);
    const { type, sizeBytes } = statOf(node, fields, this.#layout.clusterBytes);
    if (type !== 'file') throw wrongEntry(node, 'file');
    const { from, end } = clipRange(range, sizeBytes);
    const { kind, clusterBytes } = this.#layout;
    const first = firstCluster(fields, kind);
    const wanted = Math.ceil(end / clusterBytes);
    return { runs: wholeChain(this.#source, this.#layout, first, wanted, call), from, end };
  }

  /** The clusters that a node holds, as far as its chain can be followed. */
  async *#clustersOf(node: NodeId, call: Call | undefined): AsyncGenerator<BlockRun, void, undefined> {
    const { root, kind, clusterBytes } = this.#layout;
    if (node === ROOT && 'at' in root) return;
    const fields = node === ROOT ? rootEntry() : await this.#entry(node, call);
    const { type, sizeBytes } = statOf(node, fields, clusterBytes);
    const first = node === ROOT && 'cluster' in root ? root.cluster : firstCluster(fields, kind);
    const most = Math.ceil((type === 'file' ? sizeBytes : MOST_FOLDER_BYTES) / clusterBytes);
    try {
      yield* clusterChain(this.#source, this.#layout, first, most, call);
    } catch (error) {
      // who lists or reads the node is told
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
    }
  }

  async #folder(node: NodeId, call: Call | undefined): Promise<Folder> {
    const { root, kind, clusterBytes } = this.#layout;
    if (node === ROOT && 'at' in root)
      return {
        bytes: await readBytes(this.#source, root.at, root.length, call),
        places: [{ start: 0, at: root.at }],
        damage: undefined,
      };
    const fields = node === ROOT ? rootEntry() : await this.#entry(node, call);
    if (statOf(node, fields, clusterBytes).type !== 'directory') throw wrongEntry(node, 'folder');
    return this.#chainedFolder(
      node === ROOT && 'cluster' in root ? root.cluster : firstCluster(fields, kind),
      call,
    );
  }

  /** A folder as far as its chain can be followed; rejects where nothing of it can be read. */
  async #chainedFolder(first: number, call: Call | undefined): Promise<Folder> {
    const { clusterBytes, dataAt } = this.#layout;
    const most = Math.ceil(MOST_FOLDER_BYTES / clusterBytes);
    const parts: Uint8Array[] = [];
    const places: { start: number; at: number }[] = [];
    let damage: string | undefined;
    try {
      for await (const run of clusterChain(this.#source, this.#layout, first, most + 1, call)) {
        if (run.fileBlock >= most) throw damaged('a folder is longer than its file system allows');
        const at = dataAt + run.volumeBlock * clusterBytes;
        parts.push(await readBytes(this.#source, at, clusterBytes, call));
        places.push({ start: run.fileBlock * clusterBytes, at });
      }
    } catch (error) {
      if (parts.length === 0 || !SendenseError.is(error, 'CORRUPT')) throw error;
      damage = error.message;
    }
    return { bytes: Buffer.concat(parts), places, damage };
  }

  async #entry(node: NodeId, call: Call | undefined): Promise<Fields> {
    checkInside(node, ENTRY_BYTES, this.#source.sizeBytes);
    return new Fields(await readBytes(this.#source, node, ENTRY_BYTES, call));
  }
}

/** What the entry of the root folder would be. */
function rootEntry(): Fields {
  const bytes = new Uint8Array(ENTRY_BYTES);
  bytes[11] = 0x10;
  return new Fields(bytes);
}

function describe({ places }: Folder, { name, at, fields }: FatEntry): DirectoryEntry {
  const place = places.findLast(({ start }) => start <= at) ?? { start: 0, at: 0 };
  const type = (fields.u8(11) & 0x10) !== 0 ? 'directory' : 'file';
  return { name, node: place.at + at - place.start, type };
}
