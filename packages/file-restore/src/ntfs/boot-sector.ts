import { type Call, type Finding, SendenseError } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';

// Layout: "NTFS Documentation" of the Linux-NTFS project, $Boot; the widths of clusters above 64 KiB: `ntfs_boot_sector_is_ntfs` of ntfs-3g.
const MAGIC = 'NTFS    ';
const MAGIC_AT = 3;
const BOOT_BYTES = 512;
const MOST_CLUSTER_BYTES = 2 ** 21;
/** Of a record of the table: Windows makes them of 1 KiB, or of a sector of 4 KiB. */
const RECORD = { least: 512, most: 4096 };
/** Above this the byte that counts sectors of a cluster is a negative power of two. */
const MOST_SECTORS_COUNTED = 0x80;

/** Where things lie on an NTFS volume. */
export type NtfsLayout = {
  /** Sixteen hexadecimal digits, as tools show them. */
  readonly serial: string;
  readonly clusterBytes: number;
  readonly clusters: number;
  /** Of a record of the master file table. */
  readonly recordBytes: number;
  /** Clusters where the master file table begins, and the copy of its first records. */
  readonly tableCluster: number;
  readonly mirrorCluster: number;
};

/** A layout, and what is noteworthy of where it was found. */
type FoundLayout = { readonly layout: NtfsLayout; readonly findings: readonly Finding[] };

/** Reads the boot sector, or its copy in the last sector where the first is damaged, which is told. Rejects with `CORRUPT`. */
export async function readNtfsLayout(source: ByteSource, call?: Call): Promise<FoundLayout> {
  try {
    return { layout: parseBoot(await bootAt(source, 0, call), source.sizeBytes), findings: [] };
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    const copy = await findBootCopy(source, call);
    if (copy === undefined) throw error;
    return { layout: parseBoot(copy, source.sizeBytes), findings: [BOOT_DAMAGED] };
  }
}

/** Whether the last sector is the copy of the boot sector of a volume that ends there. */
export async function hasBootCopy(source: ByteSource, call?: Call): Promise<boolean> {
  return (await findBootCopy(source, call)) !== undefined;
}

const BOOT_DAMAGED: Finding = {
  severity: 'warning',
  code: 'boot-sector-damaged',
  message: 'the boot sector of the NTFS file system is damaged: its copy at the end of the volume was used',
};

async function findBootCopy(source: ByteSource, call: Call | undefined): Promise<Fields | undefined> {
  for (const sectorBytes of [512, 4096]) {
    const at = source.sizeBytes - sectorBytes;
    if (at < sectorBytes) return undefined;
    const fields = await bootAt(source, at, call);
    // its size tells that it is the copy of this volume, not of one that lies at the end of this disk
    const isCopy =
      fields.text(MAGIC_AT, MAGIC.length) === MAGIC &&
      fields.u16(11) === sectorBytes &&
      fields.u64(0x28) * sectorBytes === at;
    if (isCopy) return fields;
  }
  return undefined;
}

async function bootAt(source: ByteSource, at: number, call: Call | undefined): Promise<Fields> {
  return new Fields(await readBytes(source, at, BOOT_BYTES, call));
}

function parseBoot(fields: Fields, sizeBytes: number): NtfsLayout {
  const sectorBytes = fields.u16(11);
  const clusterBytes = sectorBytes * sectorsOf(fields.u8(13));
  const volumeBytes = fields.u64(0x28) * sectorBytes;
  const clusters = Math.floor(volumeBytes / clusterBytes);
  const recordBytes = recordBytesOf(fields.u8(0x40), clusterBytes);
  const [tableCluster, mirrorCluster] = [fields.u64(0x30), fields.u64(0x38)];
  const isSound =
    fields.text(MAGIC_AT, MAGIC.length) === MAGIC &&
    [512, 1024, 2048, 4096].includes(sectorBytes) &&
    clusterBytes > 0 &&
    clusterBytes <= MOST_CLUSTER_BYTES &&
    isPowerOfTwo(clusterBytes) &&
    isPowerOfTwo(recordBytes) &&
    recordBytes >= RECORD.least &&
    recordBytes <= RECORD.most &&
    volumeBytes <= sizeBytes &&
    clusters > 0 &&
    tableCluster < clusters;
  if (!isSound)
    throw damaged('the boot sector of an NTFS file system contradicts itself, or its volume is too small');
  const serial = fields.bits64(0x48).toString(16).padStart(16, '0').toUpperCase();
  return { serial, clusterBytes, clusters, recordBytes, tableCluster, mirrorCluster };
}

function sectorsOf(byte: number): number {
  return byte <= MOST_SECTORS_COUNTED ? byte : 2 ** (256 - byte);
}

/** Clusters, or as a negative number the power of two of its bytes. */
function recordBytesOf(byte: number, clusterBytes: number): number {
  return byte < 0x80 ? byte * clusterBytes : 2 ** (256 - byte);
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}
