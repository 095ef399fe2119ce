import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import type { ByteRange, Call, Extent } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import { clipRange } from '../bytes/clip-range.ts';
import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import type { MappedBytes } from '../bytes/mapped-bytes.ts';
import { readAhead } from '../bytes/read-ahead.ts';
import { extentsOfRuns } from '../bytes/read-runs.ts';
import type { FilePiece } from '../file-system-reader.ts';
import { checkHeader, HEADER_BYTES, knownBlockBytes, type Zisofs } from './zisofs-header.ts';

const POINTER_BYTES = 4;
/** Pointers that are read at once. */
const POINTERS = 4096;
/** Blocks under way, 4 MiB of them at most. */
const AHEAD = 32;
const inflateBytes = promisify(inflate);

/** A compressed block: its number, and where it lies in the stored file. */
type StoredBlock = { readonly index: number; readonly at: number; readonly length: number };

/** The bytes of a file that zisofs compressed: blocks that take no space are zeros. */
export class ZisofsBytes {
  readonly #stored: MappedBytes;
  readonly #zisofs: Zisofs;
  readonly #blockBytes: number;
  readonly #blocks: number;

  /** Throws `FORMAT_UNSUPPORTED` for versions that are not read, and `CORRUPT` where there is no room for its pointers. */
  constructor(stored: MappedBytes, zisofs: Zisofs) {
    this.#stored = stored;
    this.#zisofs = zisofs;
    this.#blockBytes = knownBlockBytes(zisofs);
    this.#blocks = Math.ceil(zisofs.sizeBytes / this.#blockBytes);
    if (this.#dataAt > stored.sizeBytes) throw damaged('a compressed file is cut off');
  }

  /** Data and holes of what of `range` lies in the file. */
  async *extents(range: ByteRange, call?: Call): AsyncGenerator<Extent, void, undefined> {
    const { from, end } = clipRange(range, this.#zisofs.sizeBytes);
    yield* extentsOfRuns(this.#runs(from, end, call), this.#blockBytes, { from, end });
  }

  /** The data of what of `range` lies in the file. */
  read(range: ByteRange, call?: Call): AsyncGenerator<FilePiece, void, undefined> {
    const { from, end } = clipRange(range, this.#zisofs.sizeBytes);
    return readAhead(this.#reads(from, end, call), AHEAD);
  }

  /** Blocks lie behind the header and a pointer to each, and to the end of the last. */
  get #dataAt(): number {
    return HEADER_BYTES + (this.#blocks + 1) * POINTER_BYTES;
  }

  async *#runs(from: number, end: number, call: Call | undefined): AsyncGenerator<BlockRun, void, undefined> {
    for await (const { index, at } of this.#blocksOf(from, end, call))
      yield { fileBlock: index, blocks: 1, volumeBlock: at };
  }

  async *#reads(from: number, end: number, call: Call | undefined) {
    for await (const block of this.#blocksOf(from, end, call)) {
      const start = block.index * this.#blockBytes;
      const [first, last] = [Math.max(from, start), Math.min(end, start + this.#blockBytes)];
      yield async (): Promise<FilePiece> => {
        const bytes = await this.#load(block, call);
        return { offset: first, bytes: bytes.subarray(first - start, last - start) };
      };
    }
  }

  /** Blocks between two bytes that are no zeros. */
  async *#blocksOf(
    from: number,
    end: number,
    call: Call | undefined,
  ): AsyncGenerator<StoredBlock, void, undefined> {
    if (end <= from) return;
    checkHeader(new Fields(await this.#stored.load({ offset: 0, length: HEADER_BYTES }, call)), this.#zisofs);
    const last = Math.ceil(end / this.#blockBytes);
    for (let first = Math.floor(from / this.#blockBytes); first < last; first += POINTERS) {
      const count = Math.min(POINTERS, last - first);
      const pointers = await this.#stored.load(
        { offset: HEADER_BYTES + first * POINTER_BYTES, length: (count + 1) * POINTER_BYTES },
        call,
      );
      yield* this.#pointedBlocks(new Fields(pointers), first, count);
    }
  }

  *#pointedBlocks(pointers: Fields, first: number, count: number): Generator<StoredBlock, void, undefined> {
    for (let index = 0; index < count; index += 1) {
      const at = pointers.u32(index * POINTER_BYTES);
      const length = pointers.u32((index + 1) * POINTER_BYTES) - at;
      // what cannot be compressed grows by less than a hundredth
      if (
        at < this.#dataAt ||
        length < 0 ||
        at + length > this.#stored.sizeBytes ||
        length > 2 * this.#blockBytes
      )
        throw damaged('the pointers of a compressed file contradict themselves', { block: first + index });
      if (length > 0) yield { index: first + index, at, length };
    }
  }

  async #load({ index, at, length }: StoredBlock, call: Call | undefined): Promise<Uint8Array> {
    const stored = await this.#stored.load({ offset: at, length }, call);
    const bytes = await inflateBytes(stored, { maxOutputLength: this.#blockBytes }).catch(() => undefined);
    const expected = Math.min(this.#blockBytes, this.#zisofs.sizeBytes - index * this.#blockBytes);
    if (bytes?.byteLength !== expected)
      throw damaged('a block of a compressed file is damaged', { block: index });
    return bytes;
  }
}
