import type { Call } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { Fields } from '../bytes/fields.ts';
import type { Partition, PartitionTable } from './volume.ts';

const EXTENDED: ReadonlySet<number> = new Set([0x05, 0x0f, 0x85]);
const PROTECTIVE = 0xee;
const LOST_GPT = 'the disk says that it has a GUID partition table, and both its copies are damaged';
/** A chain of extended boot records ends here at the latest: so many logical partitions Linux shows. */
const MOST_LOGICAL = 256;

type Entry = { readonly type: number; readonly start: number; readonly sectors: number };

/** The four entries of a boot record; `undefined` when it is none: no signature, or a boot flag that none has. */
function readEntries(sector: Fields): Entry[] | undefined {
  if (sector.u16(510) !== 0xaa55) return undefined;
  const entries: Entry[] = [];
  for (let at = 446; at < 510; at += 16) {
    if ((sector.u8(at) & 0x7f) !== 0) return undefined;
    entries.push({ type: sector.u8(at + 4), start: sector.u32(at + 8), sectors: sector.u32(at + 12) });
  }
  return entries;
}

/** Whether sector 0 says that the disk has a GUID partition table (UEFI 5.2.3): what Linux asks for before it reads one. */
export async function hasProtectiveRecord(disk: ByteSource, call?: Call): Promise<boolean> {
  if (disk.sizeBytes < 512) return false;
  const entries = readEntries(new Fields(await readBytes(disk, 0, 512, call)));
  return entries?.some(({ type }) => type === PROTECTIVE) ?? false;
}

/**
 * The first byte that an entry of the boot record names, of whatever type: discs that are also started from as disks have entries of
 * type 0. What stands for a GUID partition table does not count.
 */
export async function firstNamedByte(
  disk: ByteSource,
  sectorBytes: number,
  call?: Call,
): Promise<number | undefined> {
  if (disk.sizeBytes < 512) return undefined;
  const entries = readEntries(new Fields(await readBytes(disk, 0, 512, call))) ?? [];
  const named = entries.filter(({ type, sectors }) => sectors !== 0 && type !== PROTECTIVE);
  return named.length === 0 ? undefined : Math.min(...named.map(({ start }) => start * sectorBytes));
}

/**
 * Reads a master boot record with its logical partitions; `undefined` when the disk has none. What reaches past the end of
 * the disk is cut off there and told.
 */
export async function readMbr(
  disk: ByteSource,
  sectorBytes: number,
  call?: Call,
): Promise<PartitionTable | undefined> {
  if (disk.sizeBytes < sectorBytes) return undefined;
  const entries = readEntries(new Fields(await readBytes(disk, 0, 512, call)));
  if (entries === undefined) return undefined;
  const used = entries.map((entry, index) => ({ ...entry, number: index + 1 })).filter(isUsed);
  if (used.length === 0 || used.some(({ start }) => start === 0)) return undefined;
  const isProtective = used.some(({ type }) => type === PROTECTIVE);
  const faults = isProtective ? [LOST_GPT] : [];
  const partitions: Partition[] = [];
  const add = (number: number, start: number, sectors: number): void => {
    const offset = start * sectorBytes;
    const length = Math.min(sectors * sectorBytes, disk.sizeBytes - offset);
    if (length < sectors * sectorBytes)
      faults.push(`partition ${number} of the boot record reaches past the end of the disk`);
    if (length > 0) partitions.push({ number, offset, length, label: '' });
  };
  for (const { number, type, start, sectors } of used)
    if (type !== PROTECTIVE && !EXTENDED.has(type)) add(number, start, sectors);
  const extended = used.find(({ type }) => EXTENDED.has(type));
  if (extended !== undefined) await followChain(disk, sectorBytes, extended.start, add, faults, call);
  return { partitions, faults };
}

const isUsed = ({ type, sectors }: Entry): boolean => type !== 0 && sectors !== 0;

/** Each extended boot record names one logical partition, relative to itself, and the next record, relative to the first. */
async function followChain(
  disk: ByteSource,
  sectorBytes: number,
  first: number,
  add: (number: number, start: number, sectors: number) => void,
  faults: string[],
  call: Call | undefined,
): Promise<void> {
  const seen = new Set<number>();
  let at = first;
  for (let count = 0; count < MOST_LOGICAL; count += 1) {
    const isInside = (at + 1) * sectorBytes <= disk.sizeBytes;
    const sector = isInside && !seen.has(at) ? await readBytes(disk, at * sectorBytes, 512, call) : undefined;
    const entries = sector === undefined ? undefined : readEntries(new Fields(sector));
    if (entries === undefined) {
      faults.push(`the chain of logical partitions breaks at sector ${at}`);
      return;
    }
    seen.add(at);
    const logical = entries.find((entry) => isUsed(entry) && !EXTENDED.has(entry.type));
    if (logical !== undefined) add(5 + count, at + logical.start, logical.sectors);
    const next = entries.find((entry) => isUsed(entry) && EXTENDED.has(entry.type));
    if (next === undefined) return;
    at = first + next.start;
  }
  faults.push(`more than ${MOST_LOGICAL} logical partitions: the others are left out`);
}
