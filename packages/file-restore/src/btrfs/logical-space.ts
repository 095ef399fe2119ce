import { type Call, SendenseError } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged, notSupported } from '../bytes/damage.ts';
import { partOf } from '../bytes/mapped-source.ts';
import { StripedSource } from '../bytes/striped-source.ts';
import type { Chunk } from './chunk.ts';
import type { Devices } from './devices.ts';

/** What is wrong with bytes that were read; `undefined`: nothing. */
export type Check = (bytes: Uint8Array) => string | undefined;

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

  /** Bytes of the first copy that can be read. Rejects with `CORRUPT` for what lies in no chunk, or on no device that is there. */
  async readFirst(logical: number, length: number, call?: Call): Promise<Uint8Array> {
    return this.readSound(logical, length, () => undefined, call);
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

  /** The copies on devices that are there. */
  #copiesOf(logical: number, length: number): { readonly source: ByteSource; readonly offset: number }[] {
    const chunk = this.#chunkAt(logical);
    if (chunk === undefined || logical + length > chunk.logical + chunk.length)
      throw damaged('a structure of btrfs points to where there is no chunk', { logical, length });
    if (chunk.copies.length === 0)
      throw notSupported('the btrfs file system is spread by RAID5 or RAID6, which is not read', { logical });
    const offset = logical - chunk.logical;
    const sources = chunk.copies.map((columns) => this.#sourceOf(chunk, columns));
    const there = sources.filter((source) => source !== undefined);
    if (there.length === 0)
      throw damaged(
        'a part of the btrfs file system lies on devices that are not among the disks of this point',
        {
          logical,
        },
      );
    return there.map((source) => ({ source, offset }));
  }

  #sourceOf({ length, stripeBytes }: Chunk, copy: Chunk['copies'][number]): ByteSource | undefined {
    const columns = copy.map(({ device, offset }) => ({ source: this.#devices.get(device), offset }));
    const there = columns.filter((column): column is { source: ByteSource; offset: number } =>
      Boolean(column.source),
    );
    const [only] = there;
    if (there.length < columns.length || only === undefined) return undefined;
    return columns.length === 1
      ? partOf(only.source, only.offset, length)
      : new StripedSource(there, stripeBytes, length);
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
