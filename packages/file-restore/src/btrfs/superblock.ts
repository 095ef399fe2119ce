import type { Call } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import { uuidText } from '../bytes/uuid-text.ts';
import { type Checksum, isKnownChecksum, loadChecksum } from './checksum.ts';
import { checkFeatures, HAS_METADATA_UUID } from './features.ts';

// Layout: "On-disk Format" of the btrfs documentation, Superblock.
/** Where a device keeps its superblock and the copies of it. */
const SUPERBLOCK_PLACES: readonly number[] = [64 * 1024, 64 * 2 ** 20, 256 * 2 ** 30];
const SUPERBLOCK_BYTES = 4096;
/** Every checksum has room for this. */
export const CHECKSUM_BYTES = 32;
const MAGIC = '_BHRfS_M';
const SYSTEM_CHUNKS = { at: 0x32b, bytes: 2048 };
const LEAST_BLOCK = 4096;
const MOST_BLOCK = 65_536;
const MOST_LEVEL = 7;

/** Where a tree begins. */
export type TreeRoot = { readonly logical: number; readonly generation: number; readonly level: number };

/** The superblock of one device: what reading needs of it. */
export type BtrfsSuperblock = {
  readonly label: string;
  readonly uuid: string;
  /** What the blocks of metadata name as their file system. */
  readonly metadataUuid: string;
  readonly generation: number;
  readonly rootTree: TreeRoot;
  readonly chunkTree: TreeRoot;
  /** Folder of the root tree that names the default subvolume. */
  readonly rootFolder: number;
  /** Files that were synced since the last commit lie in a log. */
  readonly hasLog: boolean;
  readonly devices: number;
  /** The number of this device. */
  readonly device: number;
  readonly sectorBytes: number;
  readonly nodeBytes: number;
  readonly checksum: Checksum;
  /** The chunks that hold the tree of chunks, as keys and items. */
  readonly systemChunks: Fields;
};

/** The newest superblock of a device, and what is wrong with others. */
export type FoundSuperblock = { readonly superblock: BtrfsSuperblock; readonly faults: readonly string[] };

/**
 * Reads the superblocks of a device. The first sound one says which file system it is, and of its copies the one of the highest
 * generation counts. Rejects with `CORRUPT` where none is sound, and with `FORMAT_UNSUPPORTED` for what the newest asks for.
 */
export async function readSuperblock(source: ByteSource, call?: Call): Promise<FoundSuperblock> {
  const faults: string[] = [];
  const sound: Fields[] = [];
  let strange: number | undefined;
  for (const [copy, place] of SUPERBLOCK_PLACES.entries()) {
    if (place + SUPERBLOCK_BYTES > source.sizeBytes) continue;
    const [first] = sound;
    // behind the end of the device lie copies of what was there before
    if (first !== undefined && place + SUPERBLOCK_BYTES > first.u64(0xd1)) break;
    const fields = new Fields(await readBytes(source, place, SUPERBLOCK_BYTES, call));
    if (isMarked(fields) && !isKnownChecksum(fields.u16(0xc4))) strange = fields.u16(0xc4);
    if (await isSound(fields, place)) {
      if (first === undefined || isSame(first, fields)) sound.push(fields);
      else faults.push(`superblock ${copy} belongs to another file system, and is not used`);
    }
    // devices that grew have copies that were never written
    else if (copy === 0 || isMarked(fields)) faults.push(`superblock ${copy} is damaged`);
  }
  const newest = sound.reduce<Fields | undefined>(
    (best, fields) => (best === undefined || fields.u64(0x48) > best.u64(0x48) ? fields : best),
    undefined,
  );
  if (newest === undefined && strange !== undefined) await loadChecksum(strange);
  if (newest === undefined) throw damaged('no superblock of the btrfs file system is sound');
  return { superblock: await parse(newest), faults };
}

/** Whether there is a copy of a superblock, where the first one is gone, of a device that has room here. */
export async function hasSuperblockCopy(source: ByteSource, call?: Call): Promise<boolean> {
  const [, second = 0] = SUPERBLOCK_PLACES;
  if (second + SUPERBLOCK_BYTES > source.sizeBytes) return false;
  const fields = new Fields(await readBytes(source, second, SUPERBLOCK_BYTES, call));
  return isMarked(fields) && fields.u64(0x30) === second && fields.u64(0xd1) <= source.sizeBytes;
}

function isMarked(fields: Fields): boolean {
  return fields.text(0x40, 8) === MAGIC;
}

/** Whether both are of one file system, and of the same device of it. */
function isSame(a: Fields, b: Fields): boolean {
  return metadataUuidOf(a) === metadataUuidOf(b) && a.u64(0xc9) === b.u64(0xc9);
}

/** The UUID that the blocks of metadata have: it stays where a file system gets a new one. */
function metadataUuidOf(fields: Fields): string {
  const at = (fields.bits64(0xbc) & HAS_METADATA_UUID) === 0n ? 0x20 : 0x23b;
  return uuidText(fields.slice(at, 16));
}

async function isSound(fields: Fields, place: number): Promise<boolean> {
  const kind = fields.u16(0xc4);
  if (!isMarked(fields) || fields.u64(0x30) !== place || !isKnownChecksum(kind)) return false;
  const checksum = await loadChecksum(kind);
  const found = checksum.of(fields.bytes.subarray(CHECKSUM_BYTES));
  return Buffer.compare(found, fields.slice(0, checksum.bytes)) === 0;
}

async function parse(fields: Fields): Promise<BtrfsSuperblock> {
  const features = fields.bits64(0xbc);
  checkFeatures(features);
  const uuid = uuidText(fields.slice(0x20, 16));
  const generation = fields.u64(0x48);
  const arrayBytes = fields.u32(0xa0);
  const superblock: BtrfsSuperblock = {
    label: Buffer.from(fields.text(0x12b, 256), 'latin1').toString('utf8'),
    uuid,
    metadataUuid: metadataUuidOf(fields),
    generation,
    rootTree: { logical: fields.u64(0x50), generation, level: fields.u8(0xc6) },
    chunkTree: { logical: fields.u64(0x58), generation: fields.u64(0xa4), level: fields.u8(0xc7) },
    rootFolder: fields.u64(0x80),
    hasLog: fields.u64(0x60) !== 0,
    devices: fields.u64(0x88),
    device: fields.u64(0xc9),
    sectorBytes: fields.u32(0x90),
    nodeBytes: fields.u32(0x94),
    checksum: await loadChecksum(fields.u16(0xc4)),
    systemChunks: fields.part(SYSTEM_CHUNKS.at, Math.min(arrayBytes, SYSTEM_CHUNKS.bytes)),
  };
  checkGeometry(superblock, arrayBytes);
  return superblock;
}

function checkGeometry(superblock: BtrfsSuperblock, arrayBytes: number): void {
  const { sectorBytes, nodeBytes, rootTree, chunkTree, devices } = superblock;
  const isSize = (bytes: number): boolean =>
    bytes >= LEAST_BLOCK && bytes <= MOST_BLOCK && (bytes & (bytes - 1)) === 0;
  const isWhole =
    isSize(sectorBytes) &&
    isSize(nodeBytes) &&
    nodeBytes >= sectorBytes &&
    rootTree.level <= MOST_LEVEL &&
    chunkTree.level <= MOST_LEVEL &&
    devices > 0 &&
    arrayBytes <= SYSTEM_CHUNKS.bytes;
  if (!isWhole) throw damaged('the superblock of a btrfs file system contradicts itself');
}
