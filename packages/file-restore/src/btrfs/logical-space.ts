import { type Call, SendenseError } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged, notSupported } from '../bytes/damage.ts';
import { partOf } from '../bytes/mapped-source.ts';
import { StripedSource } from '../bytes/striped-source.ts';
import type { Chunk } from './chunk.ts';
import type { Devices } from './devices.ts';

/** What is wrong with bytes that were read; `undefined`: nothing. */
export type Check = (bytes: Uint8Array) => string | undefined;

/** A copy of a chunk, or some columns of it. */
type Copy = Chunk['copies'][number];

type Part = { readonly logical: number; readonly length: number };

const NOT_THERE =
  'a part of the btrfs file system lies on devices that are not among the disks of this point';

/** Stands for a device that is not there; what lies on it is not asked for. */
const ABSENT: ByteSource = { sizeBytes: 0, read: () => Promise.reject(damaged(NOT_THERE)) };

/** The space in which the structures of btrfs point to one another: chunks, each with its copies on the devices. */
export class LogicalSpace {
  /** Reads for which the first copy was of no use. */
  fallbacks = 0;
  readonly #devices: Devices;
  #chunks: readonly Chunk[];

  constructor(devices: Devices, chunks: readonly Chunk[]) {
    this.#devices = devices;
    this.#chunks = inOrder(chunks);
  }

  /** Takes in the chunks of the tree of chunks; one that is known already is replaced. Throws `CORRUPT` where they overlap. */
  add(chunks: readonly Chunk[]): void {
    this.#chunks = inOrder([...this.#chunks, ...chunks]);
  }

  /** How much of the space is spread in a way that is not read. */
  get unreadBytes(): number {
    const unread = this.#chunks.filter(({ copies }) => copies.length === 0);
    return unread.reduce((sum, { length }) => sum + length, 0);
  }

  /** Bytes of the first copy that can be read. Rejects with `CORRUPT` for what lies in no chunk, or on no device that is there. */
  async readFirst(logical: number, length: number, call?: Call): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (const part of this.#partsOf(logical, length))
      bytes.set(
        await this.readSound(part.logical, part.length, () => undefined, call),
        part.logical - logical,
      );
    return bytes;
  }

  /** Bytes of the first copy with which nothing is wrong. Rejects with `CORRUPT`, with what is wrong with the first one, where there is none. */
  async readSound(logical: number, length: number, check: Check, call?: Call): Promise<Uint8Array> {
    let fault: SendenseError | undefined;
    for (const { source, offset } of this.#copiesOf(logical, length)) {
      const found = await readCopy(source, offset, length, check, call);
      if (found instanceof Uint8Array) {
        if (fault !== undefined) this.fallbacks += 1;
        return found;
      }
      fault ??= found;
    }
    throw fault ?? damaged('no copy was read', { logical });
  }

  /** All of it where a copy has all of it on devices that are there, else stripe by stripe: each may have another copy. */
  #partsOf(logical: number, length: number): readonly Part[] {
    const chunk = this.#chunkAt(logical);
    if (chunk === undefined) return [{ logical, length }];
    const offset = logical - chunk.logical;
    const isWhole = chunk.copies.some((copy) => this.#isThere(columnsOf(chunk, copy, offset, length)));
    if (isWhole) return [{ logical, length }];
    const parts: Part[] = [];
    for (let at = offset; at < offset + length; ) {
      const end = Math.min(offset + length, at - (at % chunk.stripeBytes) + chunk.stripeBytes);
      parts.push({ logical: chunk.logical + at, length: end - at });
      at = end;
    }
    return parts;
  }

  /** The copies on devices that are there, those on stale ones last. */
  #copiesOf(logical: number, length: number): { readonly source: ByteSource; readonly offset: number }[] {
    const chunk = this.#chunkAt(logical);
    if (chunk === undefined || logical + length > chunk.logical + chunk.length)
      throw damaged('a structure of btrfs points to where there is no chunk', { logical, length });
    if (chunk.copies.length === 0)
      throw notSupported('the btrfs file system is spread by RAID5 or RAID6, which is not read', { logical });
    const offset = logical - chunk.logical;
    const read = chunk.copies.map((copy) => ({ copy, columns: columnsOf(chunk, copy, offset, length) }));
    const there = read.filter(({ columns }) => this.#isThere(columns));
    if (there.length === 0) throw damaged(NOT_THERE, { logical });
    const age = ({ columns }: { readonly columns: Copy }): number => Number(this.#isStale(columns));
    return there
      .sort((a, b) => age(a) - age(b))
      .map(({ copy }) => ({ source: this.#sourceOf(chunk, copy), offset }));
  }

  #isThere(columns: Copy): boolean {
    return columns.every(({ device }) => this.#devices.has(device));
  }

  #isStale(columns: Copy): boolean {
    return columns.some(({ device }) => this.#devices.get(device)?.isStale);
  }

  #sourceOf({ length, stripeBytes }: Chunk, copy: Copy): ByteSource {
    const columns = copy.map(({ device, offset }) => ({
      source: this.#devices.get(device)?.source ?? ABSENT,
      offset,
    }));
    const [only] = columns;
    return only !== undefined && columns.length === 1
      ? partOf(only.source, only.offset, length)
      : new StripedSource(columns, stripeBytes, length);
  }

  #chunkAt(logical: number): Chunk | undefined {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const chunk = this.#chunks[middle];
      if (chunk !== undefined && chunk.logical <= logical) low = middle + 1;
      else high = middle;
    }
    return this.#chunks[low - 1];
  }
}

/** The columns of a copy on which bytes `[offset, offset + length)` of its chunk lie. */
function columnsOf({ stripeBytes }: Chunk, copy: Copy, offset: number, length: number): Copy {
  const first = Math.floor(offset / stripeBytes);
  const stripes = Math.floor((offset + length - 1) / stripeBytes) - first + 1;
  return copy.filter((_, index) => (index + copy.length - (first % copy.length)) % copy.length < stripes);
}

async function readCopy(
  source: ByteSource,
  offset: number,
  length: number,
  check: Check,
  call: Call | undefined,
): Promise<Uint8Array | SendenseError> {
  try {
    const bytes = await readBytes(source, offset, length, call);
    const wrong = check(bytes);
    return wrong === undefined ? bytes : damaged(wrong);
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    return error;
  }
}

/** Ascending, of those that begin at the same place the last one. */
function inOrder(chunks: readonly Chunk[]): readonly Chunk[] {
  const sorted = [...new Map(chunks.map((chunk) => [chunk.logical, chunk])).values()].sort(
    (a, b) => a.logical - b.logical,
  );
  for (const [index, { logical }] of sorted.entries()) {
    const before = sorted[index - 1];
    if (before !== undefined && before.logical + before.length > logical)
      throw damaged('chunks of btrfs overlap', { logical });
  }
  return sorted;
}
