import type { BlockReader, Extent } from '@sendense/core';

/** Extents kept at once: enough that a walk asks seldom, and a fragmented disk of many TiB takes no more memory. */
const WINDOW_EXTENTS = 4096;

/** Ascending extents without gaps. */
type Window = { readonly end: number; readonly extents: readonly Extent[] };

const NOTHING: Window = { end: 0, extents: [] };

/** What a driver knows of the holes of a raw file, a window at a time. Owns the driver's reader. */
export class KnownExtents implements AsyncDisposable {
  readonly #reader: BlockReader;
  #window: Window = NOTHING;

  constructor(reader: BlockReader) {
    this.#reader = reader;
  }

  /** The extent that holds `offset`, at once where it is in the window. */
  at(offset: number): Extent | Promise<Extent> {
    return findExtent(this.#window, offset) ?? this.#load(offset);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader[Symbol.asyncDispose]();
  }

  async #load(offset: number): Promise<Extent> {
    const extents: Extent[] = [];
    const range = { offset, length: this.#reader.sizeBytes - offset };
    for await (const extent of this.#reader.extents(range)) {
      extents.push(extent);
      if (extents.length === WINDOW_EXTENTS) break;
    }
    const last = extents.at(-1);
    this.#window = last === undefined ? NOTHING : { end: last.offset + last.length, extents };
    return extents[0] ?? { ...range, kind: 'data' };
  }
}

function findExtent({ end, extents }: Window, offset: number): Extent | undefined {
  const [first] = extents;
  if (first === undefined || offset < first.offset || offset >= end) return undefined;
  let low = 0;
  let high = extents.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((extents[middle]?.offset ?? end) <= offset) low = middle;
    else high = middle;
  }
  return extents[low];
}
