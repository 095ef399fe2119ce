import { type ByteFeed, cutShort } from './byte-feed.ts';
import { invalid, unsupported } from './invalid-stream.ts';
import { readDirectory } from './read-directory.ts';
import { SECTOR_BYTES } from './sectors.ts';
import type { StreamEnd } from './stream-end.ts';

// Numbers of streamOptimized VMDKs (VMware, "Virtual Disk Format 5.0"). Fields are little-endian, places and sizes in sectors.
const MAGIC = 0x564d444b; // KDMV
const COMPRESSED = 0x10000;
const MARKERS = 0x20000;
const DEFLATE = 1;
/** Larger grains are refused: one is held in memory. */
const MAX_GRAIN_SECTORS = 4096;
/** Header, descriptor and a grain directory in front: as long as those of 64 TiB. */
const MAX_HEAD_SECTORS = 2 ** 19;
/** A descriptor is read for its parent only. */
const MAX_DESCRIPTOR_SECTORS = 2048;

/** What the head of a stream tells. */
export type StreamHead = {
  /** Size of the disk. */
  readonly sizeBytes: number;
  readonly grainBytes: number;
  /** Is told of what comes, and knows whether all came. */
  readonly end: StreamEnd;
};

/** Reads up to the first grain. Rejects with `FORMAT_INVALID`, `FORMAT_UNSUPPORTED`, `CONNECTION_LOST`. */
export async function readStreamHead(feed: ByteFeed): Promise<StreamHead> {
  const bytes = await feed.take(SECTOR_BYTES);
  if (bytes === undefined) throw cutShort(0);
  const view = new DataView(bytes.buffer);
  const wide = (at: number): number => Number(view.getBigUint64(at, true));
  const flags = view.getUint32(8, true);
  const [capacity, grain, place, length, head] = [12, 20, 28, 36, 64].map(wide) as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (view.getUint32(0, true) !== MAGIC) throw invalid('the magic of a VMDK is missing');
  const isStream =
    (flags & COMPRESSED) !== 0 && (flags & MARKERS) !== 0 && view.getUint16(77, true) === DEFLATE;
  if (!isStream) throw unsupported('it is no streamOptimized VMDK');
  const isGrain = grain >= 1 && grain <= MAX_GRAIN_SECTORS && Number.isInteger(Math.log2(grain));
  const isHead = head >= 1 && head <= MAX_HEAD_SECTORS;
  if (!isGrain || !isHead || capacity > Number.MAX_SAFE_INTEGER / SECTOR_BYTES)
    throw invalid('its header has sizes out of bounds');
  await checkParent(feed, place, length, head);
  const end = await readDirectory(feed, {
    place: view.getBigUint64(56, true),
    tableEntries: view.getUint32(44, true),
    grains: Math.ceil(capacity / grain),
    headEnd: head,
  });
  return { sizeBytes: capacity * SECTOR_BYTES, grainBytes: grain * SECTOR_BYTES, end };
}

/** What a stream leaves out are zeros only where the disk stands on no other. */
async function checkParent(feed: ByteFeed, place: number, length: number, head: number): Promise<void> {
  if (place === 0 || length === 0) return;
  if (place + length > head || length > MAX_DESCRIPTOR_SECTORS)
    throw invalid('its descriptor does not lie before its grains');
  await feed.skip((place - 1) * SECTOR_BYTES);
  const text = Buffer.from((await feed.take(length * SECTOR_BYTES)) ?? []).toString('latin1');
  const parent = /^parentCID\s*=\s*([0-9a-f]{1,8})\s*$/im.exec(text)?.[1];
  if (parent !== undefined && parent.toLowerCase() !== 'ffffffff')
    throw unsupported('it holds only what differs from another disk');
}
