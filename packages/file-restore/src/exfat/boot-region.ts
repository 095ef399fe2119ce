import type { Call, Finding } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged, notSupported } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import type { AllocationTable } from '../fat/cluster-chain.ts';
import { HAS_ERRORS, WAS_MOUNTED } from '../volumes/file-system-state.ts';

// Layout: "exFAT file system specification" (Microsoft), 3 Main and Backup Boot Regions.
const MAGIC = 'EXFAT   ';
const MAGIC_AT = 3;
const SECTOR_SHIFT = { least: 9, most: 12 };
/** Of sector and cluster together: 32 MiB. */
const MOST_CLUSTER_SHIFT = 25;
/** Sectors of a region: those that are summed up, and one that repeats their checksum. */
const SUMMED = 11;
const REGION = 12;
/** Bytes of the first sector that change while the volume is in use, and are not summed up: flags, percent in use. */
const UNSUMMED: ReadonlySet<number> = new Set([106, 107, 112]);
const FLAG = { secondFat: 1, dirty: 2, mediaFailure: 4 };
const MOST_CLUSTERS = 2 ** 32 - 11;
const REVISION = 1;

/** Where things lie on an exFAT volume, in bytes. Clusters of the heap are numbered from 2. */
export type ExfatLayout = AllocationTable & {
  /** Eight hexadecimal digits, as Windows shows them. */
  readonly serial: string;
  readonly clusterBytes: number;
  readonly heapAt: number;
  readonly rootCluster: number;
};

/** A layout, and what the region says of how the volume was left. */
type FoundLayout = { readonly layout: ExfatLayout; readonly findings: readonly Finding[] };

const BOOT_DAMAGED: Finding = {
  severity: 'warning',
  code: 'boot-sector-damaged',
  message:
    'the boot region of the exFAT file system is damaged: its copy was used, which does not tell whether the volume was in use',
};

/** Reads the boot region, or its copy where the checksum of the first is wrong, which is told. Rejects with `CORRUPT`, `FORMAT_UNSUPPORTED`. */
export async function readExfatLayout(source: ByteSource, call?: Call): Promise<FoundLayout> {
  const main = await regionAt(source, 0, call);
  const fields = main ?? (await findBackup(source, call));
  if (fields === undefined) throw damaged('the boot region of an exFAT file system and its copy are damaged');
  const layout = parseLayout(fields, source.sizeBytes);
  return { layout, findings: main === undefined ? [BOOT_DAMAGED] : stateOf(fields.u16(106)) };
}

/** Whether a copy of a boot region lies where volumes of exFAT have it. */
export async function hasBackupRegion(source: ByteSource, call?: Call): Promise<boolean> {
  return (await findBackup(source, call)) !== undefined;
}

function stateOf(flags: number): Finding[] {
  return [
    ...((flags & FLAG.dirty) === 0 ? [] : [WAS_MOUNTED]),
    ...((flags & FLAG.mediaFailure) === 0 ? [] : [HAS_ERRORS]),
  ];
}

/** It lies behind the first region, so where depends on the size of sectors. */
async function findBackup(source: ByteSource, call: Call | undefined): Promise<Fields | undefined> {
  for (let shift = SECTOR_SHIFT.least; shift <= SECTOR_SHIFT.most; shift += 1) {
    const fields = await regionAt(source, REGION * 2 ** shift, call);
    if (fields?.u8(108) === shift) return fields;
  }
  return undefined;
}

/** A region whose checksum is right. */
async function regionAt(source: ByteSource, at: number, call: Call | undefined): Promise<Fields | undefined> {
  const headBytes = 2 ** SECTOR_SHIFT.least;
  if (at + headBytes > source.sizeBytes) return undefined;
  const head = new Fields(await readBytes(source, at, headBytes, call));
  const shift = head.u8(108);
  const regionBytes = REGION * 2 ** shift;
  const isOne =
    head.text(MAGIC_AT, MAGIC.length) === MAGIC &&
    shift >= SECTOR_SHIFT.least &&
    shift <= SECTOR_SHIFT.most &&
    at + regionBytes <= source.sizeBytes;
  if (!isOne) return undefined;
  const fields = new Fields(await readBytes(source, at, regionBytes, call));
  return isSummedUp(fields, 2 ** shift) ? fields : undefined;
}

/** The last sector holds nothing but the checksum of those before it. */
function isSummedUp(fields: Fields, sectorBytes: number): boolean {
  let sum = 0;
  for (let at = 0; at < SUMMED * sectorBytes; at += 1)
    if (!UNSUMMED.has(at)) sum = (((sum & 1) << 31) + (sum >>> 1) + fields.u8(at)) >>> 0;
  for (let at = SUMMED * sectorBytes; at < REGION * sectorBytes; at += 4)
    if (fields.u32(at) !== sum) return false;
  return true;
}

function parseLayout(fields: Fields, sizeBytes: number): ExfatLayout {
  if (fields.u8(105) !== REVISION)
    throw notSupported(`revision ${fields.u8(105)} of exFAT is not known`, { revision: fields.u8(105) });
  const [sectorShift, clusterShift] = [fields.u8(108), fields.u8(108) + fields.u8(109)];
  const inBytes = (sectors: number): number => sectors * 2 ** sectorShift;
  const [volumeBytes, fatBytes] = [inBytes(fields.u64(72)), inBytes(fields.u32(84))];
  const [firstFatAt, heapAt] = [inBytes(fields.u32(80)), inBytes(fields.u32(88))];
  const [clusters, rootCluster, fats] = [fields.u32(92), fields.u32(96), fields.u8(110)];
  const clusterBytes = 2 ** clusterShift;
  const isSound =
    clusterShift <= MOST_CLUSTER_SHIFT &&
    (fats === 1 || fats === 2) &&
    firstFatAt >= inBytes(2 * REGION) &&
    heapAt >= firstFatAt + fats * fatBytes &&
    fatBytes >= (clusters + 2) * 4 &&
    clusters > 0 &&
    clusters <= MOST_CLUSTERS &&
    heapAt + clusters * clusterBytes <= volumeBytes &&
    volumeBytes <= sizeBytes &&
    rootCluster >= 2 &&
    rootCluster < clusters + 2;
  if (!isSound)
    throw damaged('the boot region of an exFAT file system contradicts itself, or its volume is too small');
  // volumes of TexFAT change one table while the other one holds
  const isSecond = fats === 2 && (fields.u16(106) & FLAG.secondFat) !== 0;
  const fatAt = isSecond ? firstFatAt + fatBytes : firstFatAt;
  const serial = fields.u32(100).toString(16).padStart(8, '0');
  return { kind: 'exfat', serial, clusterBytes, clusters, fatAt, fatBytes, heapAt, rootCluster };
}
