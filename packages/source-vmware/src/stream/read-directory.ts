import { type ByteFeed, cutShort } from './byte-feed.ts';
import { invalid, unsupported } from './invalid-stream.ts';
import { SECTOR_BYTES } from './sectors.ts';
import { endBehind, endByDirectory, endByFooter, type StreamEnd } from './stream-end.ts';

/** Where a stream has its directory of grains, as its header tells it. Places in sectors. */
export type DirectoryPlace = {
  readonly place: bigint;
  /** Grains of one table. */
  readonly tableEntries: number;
  /** Grains of the disk. */
  readonly grains: number;
  /** The head ends before it. */
  readonly headEnd: number;
};

const DIRECTORY_AT_END = 0xffff_ffff_ffff_ffffn;
/** As all writers have it (VMware, "Virtual Disk Format 5.0"). */
const TABLE_ENTRIES = 512;
const ENTRY_BYTES = 4;
const TABLE_SECTORS = (TABLE_ENTRIES * ENTRY_BYTES) / SECTOR_BYTES;
/** Those of 64 TiB in grains of 64 KiB; one count of each is held. */
const MAX_TABLES = 2 ** 21;
/** An entry below it names no grain: 0 was never written, 1 is zeros. */
const FIRST_PLACE = 2;

/**
 * Reads on to the end of the head, and what is in it of the directory. Rejects with `FORMAT_INVALID`, `FORMAT_UNSUPPORTED`,
 * `CONNECTION_LOST`.
 */
export async function readDirectory(feed: ByteFeed, directory: DirectoryPlace): Promise<StreamEnd> {
  const { place, tableEntries, grains, headEnd } = directory;
  if (place === DIRECTORY_AT_END) {
    await skipTo(feed, headEnd);
    return endByFooter();
  }
  const tables = Math.ceil(grains / TABLE_ENTRIES);
  if (place === 0n || tableEntries !== TABLE_ENTRIES || tables > MAX_TABLES)
    throw invalid('its directory is out of bounds');
  const bytes = tables * ENTRY_BYTES;
  if (place >= headEnd) {
    await skipTo(feed, headEnd);
    return endBehind(Number(place) * SECTOR_BYTES + bytes);
  }
  await skipTo(feed, Number(place));
  const sectors = Math.ceil(bytes / SECTOR_BYTES);
  const places = await takeBefore(feed, sectors, headEnd);
  const expected = new Uint16Array(tables);
  for (let table = 0; table < tables; table += 1) {
    const at = places.getUint32(table * ENTRY_BYTES, true);
    if (at === 0) continue;
    await skipTo(feed, at);
    const entries = await takeBefore(feed, TABLE_SECTORS, headEnd);
    expected[table] = named(entries, Math.min(TABLE_ENTRIES, grains - table * TABLE_ENTRIES));
  }
  await skipTo(feed, headEnd);
  return endByDirectory(expected, TABLE_ENTRIES);
}

/** The entries of a table that name a grain. */
function named(entries: DataView, count: number): number {
  let found = 0;
  for (let index = 0; index < count; index += 1)
    if (entries.getUint32(index * ENTRY_BYTES, true) >= FIRST_PLACE) found += 1;
  return found;
}

async function takeBefore(feed: ByteFeed, sectors: number, headEnd: number): Promise<DataView> {
  if (feed.position / SECTOR_BYTES + sectors > headEnd)
    throw invalid('its directory does not lie before its grains');
  const bytes = await feed.take(sectors * SECTOR_BYTES);
  if (bytes === undefined) throw cutShort(feed.position);
  return new DataView(bytes.buffer);
}

/** Goes on to a sector. A stream cannot be read backwards. */
async function skipTo(feed: ByteFeed, sector: number): Promise<void> {
  const bytes = sector * SECTOR_BYTES - feed.position;
  if (bytes < 0) throw unsupported('its directory does not come in order');
  await feed.skip(bytes);
}
