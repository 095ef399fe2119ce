import type { Call } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { Fields } from '../bytes/fields.ts';
import { volumeBlock, type XfsSuperblock } from './superblock.ts';

// Layout: "XFS Algorithms & Data Structures", Journaling Log; how Linux finds its head and whether it is clean: fs/xfs/xfs_log_recover.c.
const SECTOR_BYTES = 512;
const RECORD_MAGIC = 0xfeedbabe;
/** A record with its header is at most 256 KiB, and padded to at most as much. */
const MOST_RECORD_SECTORS = 1024;
/** A header of one sector describes so many bytes of a record. */
const HEADER_COVERS = 32_768;
const UNMOUNTED = 0x20;

/** Whether all that was logged is in its place: the last record says that the file system was unmounted. */
export async function isLogClean(
  source: ByteSource,
  superblock: XfsSuperblock,
  call?: Call,
): Promise<boolean> {
  const { log, blockBytes } = superblock;
  if (log === undefined) return false;
  const begin = volumeBlock(superblock, log.firstBlock, log.blocks) * blockBytes;
  const sectors = (log.blocks * blockBytes) / SECTOR_BYTES;
  const sector = async (index: number): Promise<Fields> =>
    new Fields(
      await readBytes(source, begin + ((index + sectors) % sectors) * SECTOR_BYTES, SECTOR_BYTES, call),
    );
  const head = await findHead(sector, sectors);
  for (let back = 1; back <= Math.min(MOST_RECORD_SECTORS, sectors); back += 1) {
    const header = await sector(head - back);
    if (header.u32be(0) === RECORD_MAGIC) return isUnmount(sector, head - back, back, header);
  }
  return false;
}

type ReadSector = (index: number) => Promise<Fields>;

/** The first sector that a round of writing has not reached: each sector tells its round, and they differ once. */
async function findHead(sector: ReadSector, sectors: number): Promise<number> {
  const first = await roundOf(sector, 0);
  let [low, high] = [0, sectors];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if ((await roundOf(sector, middle)) === first) low = middle;
    else high = middle;
  }
  return high;
}

async function roundOf(sector: ReadSector, index: number): Promise<number> {
  const fields = await sector(index);
  return fields.u32be(0) === RECORD_MAGIC ? fields.u32be(4) : fields.u32be(0);
}

/** Whether the record at `at`, `length` sectors before the head, is the one that an unmount writes: one operation, which says so. */
async function isUnmount(sector: ReadSector, at: number, length: number, header: Fields): Promise<boolean> {
  const headerSectors = header.u32be(8) === 2 ? Math.max(1, Math.ceil(header.u32be(320) / HEADER_COVERS)) : 1;
  if (header.u32be(40) !== 1 || headerSectors + Math.ceil(header.u32be(12) / SECTOR_BYTES) !== length)
    return false;
  return ((await sector(at + headerSectors)).u8(9) & UNMOUNTED) !== 0;
}
