import { type Call, SendenseError } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import { bothU16, bothU32 } from './both-endian.ts';
import { wideName } from './iso-name.ts';

// Layout: ECMA-119, 8 Volume Descriptors; "Joliet Specification" (Microsoft), for escape sequences.
/** Bytes of a logical sector: no record of a folder goes beyond one. */
export const SECTOR_BYTES = 2048;
const FIRST_SECTOR = 16;
/** As far as Linux looks. */
const MOST_DESCRIPTORS = 100;
/** Sectors behind the descriptors in which a UDF file system on the same disc says that it is there. */
const UDF_SECTORS = 16;
const TYPE = { primary: 1, supplementary: 2, end: 255 };
const BLOCK_BYTES: ReadonlySet<number> = new Set([512, 1024, 2048]);
const JOLIET: ReadonlySet<string> = new Set(['%/@', '%/C', '%/E']);
const LABEL_BYTES = 32;
/** Where the record of the root begins. */
const ROOT_RECORD = 156;

/** What one descriptor says of a volume, in bytes. */
export type VolumeDescriptor = {
  readonly label: string;
  /** The time of the last change, or that it was made, in digits: what Linux shows as the UUID. */
  readonly uuid: string;
  readonly blockBytes: number;
  readonly volumeBytes: number;
  /** The number of this disc in its set. */
  readonly volumeNumber: number;
  /** Where the root folder begins. */
  readonly rootAt: number;
};

/** The descriptors that name a tree of folders each, and how they were found. */
export type VolumeDescriptors = {
  readonly primary: VolumeDescriptor | undefined;
  readonly joliet: VolumeDescriptor | undefined;
  /** One of the two contradicts itself, or what is there does not go on to its end. */
  readonly isDamaged: boolean;
  /** A UDF file system begins there as well. */
  readonly hasUdf: boolean;
};

/**
 * Reads the descriptors; the first one of a kind counts. As Linux, it looks on behind a sector that is none, up to the one that ends
 * them: a gap and a missing end are damage.
 */
export async function readVolumeDescriptors(source: ByteSource, call?: Call): Promise<VolumeDescriptors> {
  let [primary, joliet]: (VolumeDescriptor | undefined)[] = [];
  let [isDamaged, isEnded] = [false, false];
  // those of UDF are none
  let gapAt: number | undefined;
  let sector = FIRST_SECTOR;
  for (; sector < FIRST_SECTOR + MOST_DESCRIPTORS && !isEnded; sector += 1) {
    const fields = await sectorAt(source, sector, call);
    if (fields === undefined) break;
    const isDescriptor = identifierOf(fields) === 'CD001';
    if (!isDescriptor) gapAt ??= sector;
    isEnded = isDescriptor && fields.u8(0) === TYPE.end;
    const kind = isDescriptor ? kindOf(fields) : undefined;
    if (kind === undefined) continue;
    const found = parseUnlessDamaged(fields, kind === 'joliet');
    if (found === undefined) isDamaged = true;
    else if (kind === 'primary') primary ??= found;
    else joliet ??= found;
  }
  isDamaged ||= !isEnded || gapAt !== undefined;
  return { primary, joliet, isDamaged, hasUdf: await isUdfFrom(source, gapAt ?? sector, call) };
}

/** Which tree a descriptor names; `undefined`: none that is read. */
function kindOf(fields: Fields): 'primary' | 'joliet' | undefined {
  if (fields.u8(0) === TYPE.primary) return 'primary';
  return fields.u8(0) === TYPE.supplementary && JOLIET.has(fields.text(88, 3)) ? 'joliet' : undefined;
}

async function sectorAt(
  source: ByteSource,
  sector: number,
  call: Call | undefined,
): Promise<Fields | undefined> {
  const at = sector * SECTOR_BYTES;
  return at + SECTOR_BYTES > source.sizeBytes
    ? undefined
    : new Fields(await readBytes(source, at, SECTOR_BYTES, call));
}

function identifierOf(fields: Fields): string {
  return fields.text(1, 5);
}

async function isUdfFrom(source: ByteSource, first: number, call: Call | undefined): Promise<boolean> {
  for (let sector = first; sector < first + UDF_SECTORS; sector += 1) {
    const fields = await sectorAt(source, sector, call);
    if (fields === undefined) return false;
    if (/^NSR0[23]$/u.test(identifierOf(fields))) return true;
  }
  return false;
}

function parseUnlessDamaged(fields: Fields, isJoliet: boolean): VolumeDescriptor | undefined {
  try {
    return parseDescriptor(fields, isJoliet);
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    return undefined;
  }
}

function parseDescriptor(fields: Fields, isJoliet: boolean): VolumeDescriptor {
  const blockBytes = bothU16(fields, 128);
  if (!BLOCK_BYTES.has(blockBytes)) throw damaged(`blocks of ${blockBytes} bytes are not possible`);
  const rootBlock = bothU32(fields, ROOT_RECORD + 2) + fields.u8(ROOT_RECORD + 1);
  const raw = fields.slice(40, LABEL_BYTES);
  return {
    label: (isJoliet ? wideName(raw) : fields.text(40, LABEL_BYTES)).replace(/[\0 ]+$/u, ''),
    uuid: timeText(fields, 830) ?? timeText(fields, 813) ?? '',
    blockBytes,
    volumeBytes: fields.u32(80) * blockBytes,
    volumeNumber: fields.u16(124),
    rootAt: rootBlock * blockBytes,
  };
}

/** `YYYY-MM-DD-hh-mm-ss-cc`; `undefined`: no time. */
function timeText(fields: Fields, at: number): string | undefined {
  const digits = fields.text(at, 16);
  return /^0*$|\D/u.test(digits)
    ? undefined
    : digits.replace(/^(....)(..)(..)(..)(..)(..)(..)$/u, '$1-$2-$3-$4-$5-$6-$7');
}
