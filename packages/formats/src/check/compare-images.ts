import { type BlockReader, type Call, type Extent, isZeroBytes, throwIfAborted } from '@sendense/core';

/** Read of each side at once. */
const PIECE_BYTES = 1024 * 1024;

/** How two disks differ. */
export type ImageComparison = {
  readonly equal: boolean;
  /** Of the first byte that differs, or that only one disk has; `null` when they are equal. */
  readonly firstDifferenceOffset: number | null;
};

/**
 * Compares what two disks read as; a longer one whose tail is zeros is equal, unless `strict`. Ranges that both know to be
 * zeros are not read.
 */
export async function compareImages(
  a: BlockReader,
  b: BlockReader,
  options: Call & { readonly strict?: boolean } = {},
): Promise<ImageComparison> {
  const { strict = false, signal, onProgress } = options;
  const total = Math.max(a.sizeBytes, b.sizeBytes);
  const sides = [new Side(a, total, { ...(signal && { signal }) }), new Side(b, total, {})] as const;
  try {
    for (let offset = 0; offset < total; ) {
      throwIfAborted(signal, 'compare-images');
      const [first, second] = [await sides[0].at(offset), await sides[1].at(offset)];
      const end = Math.min(first.end, second.end);
      const isZero = first.kind === 'zero' && second.kind === 'zero';
      const length = isZero ? end - offset : Math.min(PIECE_BYTES, end - offset);
      const differs = isZero ? undefined : await firstDifference(sides, offset, length);
      if (differs !== undefined) return { equal: false, firstDifferenceOffset: differs };
      offset += length;
      onProgress?.({ done: offset, total, unit: 'bytes' });
    }
  } finally {
    for (const side of sides) await side[Symbol.asyncDispose]();
  }
  if (strict && a.sizeBytes !== b.sizeBytes)
    return { equal: false, firstDifferenceOffset: Math.min(a.sizeBytes, b.sizeBytes) };
  return { equal: true, firstDifferenceOffset: null };
}

type Stretch = { readonly end: number; readonly kind: Extent['kind'] };

/** One of the disks, with zeros behind its end up to the size of the longer one. */
class Side implements AsyncDisposable {
  readonly #reader: BlockReader;
  readonly #total: number;
  readonly #extents: AsyncIterator<Extent>;
  readonly #buffer = new Uint8Array(PIECE_BYTES);
  #now: Stretch = { end: 0, kind: 'zero' };

  constructor(reader: BlockReader, total: number, call: Call) {
    this.#reader = reader;
    this.#total = total;
    this.#extents = reader.extents({ offset: 0, length: reader.sizeBytes }, call)[Symbol.asyncIterator]();
  }

  /** What is known of `offset`, which only ascends, and how far that reaches. */
  async at(offset: number): Promise<Stretch> {
    while (offset >= this.#now.end) {
      const next = await this.#extents.next();
      this.#now =
        next.done === true
          ? { end: this.#total, kind: 'zero' }
          : { end: next.value.offset + next.value.length, kind: next.value.kind };
    }
    return this.#now;
  }

  /** Bytes that are valid until the next call; `undefined` for zeros. */
  async read(offset: number, length: number): Promise<Uint8Array | undefined> {
    if (this.#now.kind === 'zero') return undefined;
    const piece = this.#buffer.subarray(0, length);
    await this.#reader.read(offset, piece);
    return piece;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#extents.return?.();
  }
}

async function firstDifference(
  [a, b]: readonly [Side, Side],
  offset: number,
  length: number,
): Promise<number | undefined> {
  const [first, second] = await Promise.all([a.read(offset, length), b.read(offset, length)]);
  if (first === undefined || second === undefined) {
    const bytes = first ?? second;
    if (bytes === undefined || isZeroBytes(bytes)) return undefined;
    return offset + bytes.findIndex((byte) => byte !== 0);
  }
  if (Buffer.compare(first, second) === 0) return undefined;
  return offset + first.findIndex((byte, index) => byte !== second[index]);
}
