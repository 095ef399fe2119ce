import type { ByteRange, Call, Extent } from '@sendense/core';
import { type BlockRun, joinRuns } from '../bytes/block-run.ts';
import { clipRange } from '../bytes/clip-range.ts';
import { readAhead } from '../bytes/read-ahead.ts';
import { extentsOfRuns } from '../bytes/read-runs.ts';
import type { FilePiece } from '../file-system-reader.ts';
import type { DataChecksums } from './data-checksums.ts';
import { decompressExtent } from './decompress.ts';
import { type FileExtent, fileExtents } from './file-extent.ts';
import type { LogicalSpace } from './logical-space.ts';
import type { Tree } from './tree.ts';

const PIECE_BYTES = 1024 * 1024;
/** Pieces under way: enough for a store that answers after 20 ms, and 16 MiB of memory. */
const AHEAD = 16;

/** Where the data of files are read. */
export type DataPlace = {
  readonly space: LogicalSpace;
  /** `undefined`: they cannot be read. */
  readonly checksums: DataChecksums | undefined;
  readonly sectorBytes: number;
};

/** The file whose data are read. */
export type DataFile = {
  readonly tree: Tree;
  readonly inode: number;
  readonly sizeBytes: number;
  readonly isUnchecked: boolean;
};

/** Bytes `[from, end)` of a file, of which all lie in `extent`. */
type Part = { readonly extent: FileExtent; readonly from: number; readonly end: number };

/** The bytes of a file of btrfs. */
export class FileData {
  readonly #place: DataPlace;
  readonly #file: DataFile;

  constructor(place: DataPlace, file: DataFile) {
    this.#place = place;
    this.#file = file;
  }

  /** Data and holes of what of `range` lies in the file. */
  extents(range: ByteRange, call?: Call): AsyncGenerator<Extent, void, undefined> {
    const window = clipRange(range, this.#file.sizeBytes);
    return extentsOfRuns(joinRuns(this.#runs(window, call)), 1, window);
  }

  /** The data of what of `range` lies in the file; each sector that has a checksum is checked. */
  read(range: ByteRange, call?: Call): AsyncGenerator<FilePiece, void, undefined> {
    return readAhead(this.#reads(clipRange(range, this.#file.sizeBytes), call), AHEAD);
  }

  /** Runs of bytes, as if they lay on a volume as in the file. */
  async *#runs(
    window: { readonly from: number; readonly end: number },
    call: Call | undefined,
  ): AsyncGenerator<BlockRun, void, undefined> {
    for await (const { offset, length } of this.#extents(window, call))
      yield { fileBlock: offset, blocks: length, volumeBlock: offset };
  }

  async *#reads(window: { readonly from: number; readonly end: number }, call: Call | undefined) {
    for await (const extent of this.#extents(window, call)) {
      const end = Math.min(window.end, extent.offset + extent.length);
      for (let from = Math.max(window.from, extent.offset); from < end; from += PIECE_BYTES) {
        const part: Part = { extent, from, end: Math.min(end, from + PIECE_BYTES) };
        yield async (): Promise<FilePiece> => ({ offset: from, bytes: await this.#load(part, call) });
      }
    }
  }

  #extents(window: { readonly from: number; readonly end: number }, call: Call | undefined) {
    const { tree, inode } = this.#file;
    return fileExtents(tree, inode, this.#place.sectorBytes, window, call);
  }

  async #load({ extent, from, end }: Part, call: Call | undefined): Promise<Uint8Array> {
    const { compression, plainBytes, data, offset } = extent;
    const { sectorBytes } = this.#place;
    if (data.kind === 'stored' && compression === 0) {
      const at = data.logical + data.skip + from - offset;
      const before = at % sectorBytes;
      const length = Math.ceil((before + end - from) / sectorBytes) * sectorBytes;
      const bytes = await this.#readChecked(at - before, length, call);
      return bytes.subarray(before, before + end - from);
    }
    const [stored, skip] =
      data.kind === 'inline'
        ? [data.stored, 0]
        : [await this.#readChecked(data.logical, data.storedBytes, call), data.skip];
    const plain =
      compression === 0 ? stored : await decompressExtent(compression, stored, plainBytes, sectorBytes);
    return plain.subarray(skip + from - offset, skip + end - offset);
  }

  /** Whole sectors: all of the first copy where it is sound, else of each sector the first copy that is. */
  async #readChecked(logical: number, length: number, call: Call | undefined): Promise<Uint8Array> {
    const { space, checksums, sectorBytes } = this.#place;
    if (this.#file.isUnchecked || checksums === undefined) return space.readFirst(logical, length, call);
    const check = await checksums.of(logical, length, call);
    const bytes = await space.readFirst(logical, length, call);
    if (check(bytes) === undefined) return bytes;
    for (let at = 0; at < length; at += sectorBytes) {
      const sector = await checksums.of(logical + at, sectorBytes, call);
      bytes.set(await space.readSound(logical + at, sectorBytes, sector, call), at);
    }
    return bytes;
  }
}
