import { type ByteFeed, cutShort } from './byte-feed.ts';
import { invalid } from './invalid-stream.ts';
import { SECTOR_BYTES } from './sectors.ts';
import type { StreamHead } from './stream-head.ts';

/** A grain as it stands in a stream: compressed by zlib. */
export type PackedGrain = {
  /** Offset of its first byte in the disk. */
  readonly start: number;
  readonly packed: Uint8Array;
};

/** Sector number and length before a compressed grain. */
const GRAIN_HEAD_BYTES = 12;
/** zlib makes incompressible bytes a little longer; twice is the limit of others. */
const MOST_STORED = 2;

const MARKER = { end: 0, table: 1, directory: 2, footer: 3 } as const;
/** The largest directory: that of a disk of 64 TiB in grains of 64 KiB. */
const MAX_METADATA_SECTORS = 2 ** 17;

/**
 * The grains of a stream from `from` on, ascending; what is between them are zeros. Rejects with `FORMAT_INVALID` for what is no
 * stream, `CONNECTION_LOST` when it ends before its end.
 */
export async function* readGrains(
  feed: ByteFeed,
  head: StreamHead,
  from: number,
): AsyncGenerator<PackedGrain, void, undefined> {
  for (let next = 0; ; ) {
    const sector = await feed.take(SECTOR_BYTES);
    if (sector === undefined) return head.end.check(feed.position, false);
    const view = new DataView(sector.buffer);
    const value = Number(view.getBigUint64(0, true));
    const length = view.getUint32(8, true);
    if (length === 0) {
      const kind = view.getUint32(12, true);
      if (kind === MARKER.end) return head.end.check(feed.position, true);
      if (kind === MARKER.footer) head.end.footer();
      await skipMetadata(feed, kind, value);
      continue;
    }
    const start = checkPlace(value, length, head, next);
    next = start + head.grainBytes;
    head.end.grain(start / head.grainBytes);
    const inSector = SECTOR_BYTES - GRAIN_HEAD_BYTES;
    const rest = Math.ceil(Math.max(0, length - inSector) / SECTOR_BYTES) * SECTOR_BYTES;
    if (next <= from) {
      await feed.skip(rest);
      continue;
    }
    yield { start, packed: await whole(feed, sector.subarray(GRAIN_HEAD_BYTES), length, rest) };
  }
}

/** The bytes of a grain that begin in the sector of its marker. */
async function whole(feed: ByteFeed, first: Uint8Array, length: number, rest: number): Promise<Uint8Array> {
  if (rest === 0) return first.subarray(0, length);
  const more = await feed.take(rest);
  if (more === undefined) throw cutShort(feed.position);
  const packed = new Uint8Array(length);
  packed.set(first);
  packed.set(more.subarray(0, length - first.byteLength), first.byteLength);
  return packed;
}

/** Where a grain belongs. A stream never goes back: what was read of it is not asked for again. */
function checkPlace(
  sector: number,
  length: number,
  { sizeBytes, grainBytes }: StreamHead,
  next: number,
): number {
  const start = sector * SECTOR_BYTES;
  if (!(start >= next && start < sizeBytes && start % grainBytes === 0))
    throw invalid(`the grain of sector ${sector} is out of place`);
  if (length > MOST_STORED * grainBytes) throw invalid(`the grain of sector ${sector} takes ${length} bytes`);
  return start;
}

async function skipMetadata(feed: ByteFeed, kind: number, sectors: number): Promise<void> {
  const isKnown = kind === MARKER.table || kind === MARKER.directory || kind === MARKER.footer;
  if (!isKnown || !(sectors <= MAX_METADATA_SECTORS)) throw invalid(`it has a marker of kind ${kind}`);
  await feed.skip(sectors * SECTOR_BYTES);
}
