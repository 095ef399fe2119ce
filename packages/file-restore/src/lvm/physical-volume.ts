import { crc32 } from 'node:zlib';
import type { Call } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { Fields } from '../bytes/fields.ts';

const SECTOR_BYTES = 512;
/** The label lies in one of the first four sectors. */
const LABEL_SECTORS = 4;
const AREA_MAGIC = ' LVM2 x[5A%r0N*>';
const AREA_HEADER_BYTES = 512;
/** LVM itself refuses larger texts; groups with thousands of volumes stay far below. */
const MOST_TEXT_BYTES = 16 * 1024 * 1024;
/** What LVM's checksum of structures begins with. */
const CRC_START = 0xf597a6cf;

/** A disk or partition that belongs to a volume group. */
export type PhysicalVolume = {
  /** 32 letters and digits, without the dashes that tools print. */
  readonly id: string;
  readonly source: ByteSource;
  /** The metadata text of the group as this volume holds it; `undefined` where it holds none, or a damaged one. */
  readonly text: string | undefined;
  /** Copies of the metadata on this volume that contradict their checksums. */
  readonly damagedAreas: number;
};

/** CRC-32 with the start value of LVM and no inversion at the end. */
function lvmCrc(bytes: Uint8Array): number {
  return ~crc32(bytes, ~CRC_START >>> 0) >>> 0;
}

/** Reads the label and metadata of a physical volume; `undefined` when `source` is none. */
export async function readPhysicalVolume(
  source: ByteSource,
  call?: Call,
): Promise<PhysicalVolume | undefined> {
  if (source.sizeBytes < LABEL_SECTORS * SECTOR_BYTES) return undefined;
  const head = await readBytes(source, 0, LABEL_SECTORS * SECTOR_BYTES, call);
  for (let at = 0; at < head.byteLength; at += SECTOR_BYTES) {
    const label = new Fields(head.subarray(at, at + SECTOR_BYTES));
    if (label.text(0, 8) !== 'LABELONE' || label.text(24, 8) !== 'LVM2 001') continue;
    if (lvmCrc(label.slice(20, SECTOR_BYTES - 20)) !== label.u32(16)) continue;
    const start = label.u32(20);
    if (start + 40 > SECTOR_BYTES) continue;
    const id = label.text(start, 32);
    return { id, source, ...(await readTexts(source, metadataAreas(label, start + 40), call)) };
  }
  return undefined;
}

/** Two lists, each ended by zeros: where data lies, then where metadata lies. */
function metadataAreas(label: Fields, start: number): number[] {
  const areas: number[] = [];
  let lists = 0;
  for (let at = start; at + 16 <= SECTOR_BYTES && lists < 2; at += 16) {
    const offset = label.u64(at);
    if (offset === 0) lists += 1;
    else if (lists === 1) areas.push(offset);
  }
  return areas;
}

/** The first copy that is whole, and how many are not. */
async function readTexts(
  source: ByteSource,
  areas: readonly number[],
  call: Call | undefined,
): Promise<Pick<PhysicalVolume, 'text' | 'damagedAreas'>> {
  let text: string | undefined;
  let damagedAreas = 0;
  for (const area of areas) {
    const found = await readArea(source, area, call);
    if (found === 'damaged') damagedAreas += 1;
    else text ??= found?.text;
  }
  return { text, damagedAreas };
}

function isArea(header: Fields): boolean {
  const sum = lvmCrc(header.slice(4, AREA_HEADER_BYTES - 4));
  return sum === header.u32(0) && header.text(4, 16) === AREA_MAGIC && header.u32(20) === 1;
}

/** The text lies in a ring behind the header of its area; `undefined`: the area holds none, or is not to be used. */
async function readArea(
  source: ByteSource,
  area: number,
  call: Call | undefined,
): Promise<{ readonly text: string } | 'damaged' | undefined> {
  if (area + AREA_HEADER_BYTES > source.sizeBytes) return 'damaged';
  const header = new Fields(await readBytes(source, area, AREA_HEADER_BYTES, call));
  if (!isArea(header)) return 'damaged';
  const areaBytes = header.u64(32);
  const offset = header.u64(40);
  const length = header.u64(48);
  const isIgnored = (header.u32(60) & 1) === 1;
  if (isIgnored || length === 0) return undefined;
  if (length > MOST_TEXT_BYTES || area + areaBytes > source.sizeBytes) return 'damaged';
  if (offset < AREA_HEADER_BYTES || offset >= areaBytes || length > areaBytes - AREA_HEADER_BYTES)
    return 'damaged';
  const bytes = new Uint8Array(length);
  const first = Math.min(length, areaBytes - offset);
  await source.read(area + offset, bytes.subarray(0, first), call);
  if (first < length) await source.read(area + AREA_HEADER_BYTES, bytes.subarray(first), call);
  if (lvmCrc(bytes) !== header.u32(56)) return 'damaged';
  return { text: Buffer.from(bytes).toString('utf8').replace(/\0+$/u, '') };
}
