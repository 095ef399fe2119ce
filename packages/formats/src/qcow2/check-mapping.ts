import type { CompressedRun } from '../chain/run.ts';
import { addTable, type CheckedImage, cutShort } from './checked-image.ts';
import {
  COMPRESSED_HIGH,
  COPIED_HIGH,
  OFFSET_HIGH,
  OFFSET_LOW,
  SECTOR_BYTES,
  SUBCLUSTERS,
  ZERO_LOW,
} from './constants.ts';
import { offsetAt, pieceBuffer, readTable } from './read-table.ts';
import type { Described, ReferenceSink } from './reference-counter.ts';
import { compressedRun } from './scan-clusters.ts';

/** An L1 table: the active one, or that of a snapshot. */
export type L1Table = {
  readonly offset: number;
  readonly entries: number;
  readonly name: string;
  readonly active: boolean;
};

/** Called for every offset of an active table, with whether its entry claims the only reference. */
export type CopiedVisitor = (offset: number, copied: boolean, what: Described) => void;

/** What a walk over one L1 table reports to. */
export type MappingWalk = {
  readonly counter: ReferenceSink;
  readonly copied?: CopiedVisitor;
  /** Told which part of the table (0…1) is done, never less than before. */
  readonly onPart?: (part: number) => void;
};

/** Reserved bits: L1 entries 0–8 and 56–62, L2 entries 1–8 and 56–61. */
const L1_RESERVED = { high: 0x7f00_0000, low: 0x1ff };
const L2_RESERVED = { high: 0x3f00_0000, low: 0x1fe };

/** Counts the references of one L1 table and everything below it, and checks the form of each entry. */
export async function checkMapping(
  image: CheckedImage,
  table: L1Table,
  { counter, copied, onPart }: MappingWalk,
): Promise<void> {
  const { handle, signal, geometry } = image;
  const { clusterBytes, l2CoverageBytes } = geometry;
  if (!addTable(image, counter, table.offset, table.entries * 8, () => table.name)) return;
  let unreferring = 0;
  const { active } = table;
  const l2: L2Check = { image, counter, active, buffer: pieceBuffer(), ...(active && copied && { copied }) };
  const pieces = readTable(handle, table.offset, table.entries, signal && { signal });
  for await (const { first, count, view } of pieces) {
    for (let index = 0; index < count; index += 1) {
      const high = view.getUint32(index * 8);
      const low = view.getUint32(index * 8 + 4);
      if (high === 0 && low === 0) continue;
      const what = () => `the L2 table of entry ${first + index} of ${table.name}`;
      const offset = offsetAt(view, index * 8);
      if (high & L1_RESERVED.high || low & L1_RESERVED.low || offset === 0) {
        counter.error('reserved-bits', () => `the entry of ${what()} has bits that must be zero`);
      }
      if (offset === 0 || !addTable(image, counter, offset, clusterBytes, what)) continue;
      l2.copied?.(offset, (high & COPIED_HIGH) !== 0, what);
      // Many entries may share one table of zero clusters: it refers to nothing, so once is enough.
      if (offset === unreferring) continue;
      const references = await checkL2(l2, offset, (first + index) * l2CoverageBytes);
      if (references === 0) unreferring = offset;
      onPart?.((first + index + 1) / table.entries);
    }
    onPart?.((first + count) / table.entries);
  }
}

/** What the L2 tables below one L1 table are checked with. */
type L2Check = {
  readonly image: CheckedImage;
  readonly counter: ReferenceSink;
  /** The table is that of the disk as it is now. */
  readonly active: boolean;
  readonly buffer: ArrayBuffer;
  readonly copied?: CopiedVisitor;
};

/** The number of entries that refer to a cluster. */
async function checkL2(check: L2Check, position: number, guest: number): Promise<number> {
  const { image, counter, buffer } = check;
  const { handle, signal } = image;
  const { clusterBytes, l2EntryBytes } = image.geometry;
  const step = l2EntryBytes / 8;
  let references = 0;
  const pieces = readTable(handle, position, clusterBytes / 8, { buffer, ...(signal && { signal }) });
  for await (const { first, count, view } of pieces) {
    const words = new Uint32Array(buffer, 0, count * 2);
    for (let index = 0; index < count; index += step) {
      if (isZero(words, index * 2, step * 2)) continue;
      const high = view.getUint32(index * 8);
      const low = view.getUint32(index * 8 + 4);
      const guestOffset = guest + ((first + index) / step) * clusterBytes;
      if ((high & (COMPRESSED_HIGH | OFFSET_HIGH)) !== 0 || (low & OFFSET_LOW) !== 0) references += 1;
      if (high & COMPRESSED_HIGH) checkCompressed(image, guestOffset, high, low, counter);
      else checkStandard(check, guestOffset, view, index);
    }
  }
  return references;
}

function isZero(words: Uint32Array, from: number, count: number): boolean {
  for (let at = from; at < from + count; at += 1) if (words[at] !== 0) return false;
  return true;
}

function checkCompressed(
  image: CheckedImage,
  guest: number,
  high: number,
  low: number,
  counter: ReferenceSink,
): void {
  const what = () => `the compressed cluster of guest offset ${guest}`;
  if (image.dataFile || high & COPIED_HIGH)
    counter.error('reserved-bits', () => `${what()} has flags it must not have`);
  const { geometry, version } = image;
  const scan = { page: new DataView(new ArrayBuffer(0)), pageGuest: 0, offset: 0, end: 0, sizeBytes: 0 };
  try {
    const run = compressedRun({ ...scan, geometry, version, dataFile: false }, guest, high, low);
    const first = Math.floor(run.hostOffset / SECTOR_BYTES) * SECTOR_BYTES;
    const end = run.hostOffset + run.hostLength;
    if (counter.add(first, end - first, what) && end > image.fileBytes)
      checkCompressedEnd(image, run, what, counter);
  } catch {
    counter.error('outside-file', () => `${what()} lies outside the file`);
  }
}

/** A writer need not fill up the last sector of a compressed cluster, but some of it belongs to the data. */
function checkCompressedEnd(
  { fileBytes, compressedTail }: CheckedImage,
  run: CompressedRun,
  what: Described,
  counter: ReferenceSink,
): void {
  if (run.hostOffset + run.hostLength - SECTOR_BYTES < fileBytes) compressedTail.note(run);
  else counter.error('cut-short', () => cutShort(what(), run.hostOffset, fileBytes));
}

function checkStandard(
  { image, counter, active, copied }: L2Check,
  guest: number,
  view: DataView,
  index: number,
): void {
  const what = () => `the cluster of guest offset ${guest}`;
  const high = view.getUint32(index * 8);
  const low = view.getUint32(index * 8 + 4);
  const { extendedL2, clusterBytes } = image.geometry;
  const zeroForbidden = extendedL2 || image.version === 2;
  if (high & L2_RESERVED.high || low & L2_RESERVED.low || (zeroForbidden && low & ZERO_LOW)) {
    counter.error('reserved-bits', () => `the entry of ${what()} has bits that must be zero`);
  }
  const offset = offsetAt(view, index * 8);
  const owned = (high & COPIED_HIGH) !== 0;
  if (extendedL2) checkSubclusters(view, index, offset !== 0 || (image.dataFile && owned), what, counter);
  if (image.dataFile) {
    if (owned && offset !== guest)
      counter.error('wrong-offset', () => `${what()} is elsewhere in the data file`);
    return;
  }
  if (offset === 0) {
    if (owned) counter.error('copied-flag', () => `${what()} claims a reference to nothing`);
    return;
  }
  if (!counter.addAligned(offset, clusterBytes, what)) return;
  copied?.(offset, owned, what);
  if (!active || offset + clusterBytes <= image.fileBytes) return;
  const missing = offset + storedBytes(image, guest, view, index) - image.fileBytes;
  if (missing > 0)
    counter.warning('data-cut-short', () => `the file ends inside ${what()}: ${missing} bytes read as zeros`);
}

/** Up to where a cluster holds bytes of the disk. */
function storedBytes(
  { geometry, sizeBytes }: CheckedImage,
  guest: number,
  view: DataView,
  index: number,
): number {
  const { extendedL2, clusterBytes } = geometry;
  const inDisk = Math.min(clusterBytes, sizeBytes - guest);
  if (!extendedL2) return view.getUint32(index * 8 + 4) & ZERO_LOW ? 0 : inDisk;
  const subclusters = SUBCLUSTERS - Math.clz32(view.getUint32(index * 8 + 12));
  return Math.min(inDisk, (subclusters * clusterBytes) / SUBCLUSTERS);
}

function checkSubclusters(
  view: DataView,
  index: number,
  allocated: boolean,
  what: Described,
  counter: ReferenceSink,
): void {
  const zeros = view.getUint32(index * 8 + 8);
  const present = view.getUint32(index * 8 + 12);
  if ((zeros & present) !== 0 || (present !== 0 && !allocated)) {
    counter.error('subclusters', () => `the subclusters of ${what()} contradict each other`);
  }
}
