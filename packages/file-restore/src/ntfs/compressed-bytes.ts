import type { ByteRange, Call, Extent } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import { readBytes } from '../bytes/byte-source.ts';
import { clipRange } from '../bytes/clip-range.ts';
import { damaged } from '../bytes/damage.ts';
import { readAhead } from '../bytes/read-ahead.ts';
import { extentsOfRuns } from '../bytes/read-runs.ts';
import type { FilePiece } from '../file-system-reader.ts';
import { type Clusters, type MappedStream, streamRuns, writtenBytes } from './attribute-stream.ts';
import { decompressLznt1 } from './lznt1.ts';

/** Windows compresses 16 clusters together, of 4 KiB at most. */
const MOST_UNIT_BYTES = 2 ** 16;
/** Units under way, 2 MiB of them: enough for a store that answers after 20 ms. */
const AHEAD = 32;

/** Clusters that were compressed together: `runs` of them hold data; all of them, where compressing was of no use. */
type Unit = { readonly index: number; readonly runs: readonly BlockRun[] };

/** The bytes of a compressed attribute that were written: units without clusters are holes. */
export class CompressedBytes {
  readonly #volume: Clusters;
  readonly #stream: MappedStream;
  readonly #unitClusters: number;
  readonly #sizeBytes: number;

  /** Throws `CORRUPT` for units of no possible size. */
  constructor(volume: Clusters, stream: MappedStream) {
    const { unitBits } = stream.head;
    this.#unitClusters = 2 ** unitBits;
    if (unitBits === 0 || this.#unitClusters * volume.clusterBytes > MOST_UNIT_BYTES)
      throw damaged('an attribute is compressed in units of no possible size', { unitBits });
    this.#volume = volume;
    this.#stream = stream;
    this.#sizeBytes = writtenBytes(stream);
  }

  /** Data and holes of what of `range` was written. */
  extents(range: ByteRange, call?: Call): AsyncGenerator<Extent, void, undefined> {
    const { from, end } = clipRange(range, this.#sizeBytes);
    return extentsOfRuns(this.#whole(from, end, call), this.#volume.clusterBytes, { from, end });
  }

  /** The data of what of `range` was written. */
  read(range: ByteRange, call?: Call): AsyncGenerator<FilePiece, void, undefined> {
    const { from, end } = clipRange(range, this.#sizeBytes);
    return readAhead(this.#reads(from, end, call), AHEAD);
  }

  /** Units as if their data lay in them as it is: each is data, or none of it. */
  async *#whole(
    from: number,
    end: number,
    call: Call | undefined,
  ): AsyncGenerator<BlockRun, void, undefined> {
    for await (const { index } of this.#units(from, end, call))
      yield { fileBlock: index * this.#unitClusters, blocks: this.#unitClusters, volumeBlock: 0 };
  }

  async *#reads(from: number, end: number, call: Call | undefined) {
    const unitBytes = this.#unitClusters * this.#volume.clusterBytes;
    for await (const unit of this.#units(from, end, call)) {
      const start = unit.index * unitBytes;
      const [first, last] = [Math.max(from, start), Math.min(end, start + unitBytes)];
      yield async (): Promise<FilePiece> => {
        const bytes = await this.#load(unit, call);
        return { offset: first, bytes: bytes.subarray(first - start, last - start) };
      };
    }
  }

  /** Units that have clusters, between two bytes. */
  async *#units(from: number, end: number, call: Call | undefined): AsyncGenerator<Unit, void, undefined> {
    const unitBytes = this.#unitClusters * this.#volume.clusterBytes;
    if (end <= from) return;
    const last = Math.ceil(end / unitBytes);
    const window = {
      first: Math.floor(from / unitBytes) * this.#unitClusters,
      end: last * this.#unitClusters,
    };
    let unit: { readonly index: number; readonly runs: BlockRun[] } | undefined;
    for await (const part of this.#split(window, call)) {
      const index = Math.floor(part.fileBlock / this.#unitClusters);
      if (unit?.index === index) unit.runs.push(part);
      else {
        if (unit !== undefined) yield unit;
        unit = { index, runs: [part] };
      }
    }
    if (unit !== undefined) yield unit;
  }

  /** Runs cut where units end; those outside of the window are left out. */
  async *#split(
    window: { readonly first: number; readonly end: number },
    call: Call | undefined,
  ): AsyncGenerator<BlockRun, void, undefined> {
    for await (const { fileBlock, blocks, volumeBlock } of streamRuns(
      this.#volume,
      this.#stream,
      window,
      call,
    )) {
      const end = Math.min(window.end, fileBlock + blocks);
      for (let at = Math.max(window.first, fileBlock); at < end; ) {
        const next = Math.min(end, (Math.floor(at / this.#unitClusters) + 1) * this.#unitClusters);
        yield { fileBlock: at, blocks: next - at, volumeBlock: volumeBlock + at - fileBlock };
        at = next;
      }
    }
  }

  async #load({ index, runs }: Unit, call: Call | undefined): Promise<Uint8Array> {
    const { source, clusterBytes } = this.#volume;
    const clusters = runs.reduce((sum, { blocks }) => sum + blocks, 0);
    const first = index * this.#unitClusters;
    const last = runs.at(-1);
    if (
      runs[0]?.fileBlock !== first ||
      last === undefined ||
      last.fileBlock + last.blocks !== first + clusters
    )
      throw damaged('a compressed unit has a hole before its data');
    const parts = await Promise.all(
      runs.map(({ blocks, volumeBlock }) =>
        readBytes(source, volumeBlock * clusterBytes, blocks * clusterBytes, call),
      ),
    );
    const stored = Buffer.concat(parts);
    return clusters === this.#unitClusters
      ? stored
      : decompressLznt1(stored, this.#unitClusters * clusterBytes);
  }
}
