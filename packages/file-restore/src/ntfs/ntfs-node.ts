import type { Call } from '@sendense/core';
import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import type { FileStat, FileType, NodeId } from '../file-system-reader.ts';
import { encodeName } from '../paths/entry-name.ts';
import { ATTRIBUTE } from './attribute.ts';
import { type AttributeStream, readValue, valueBytes } from './attribute-stream.ts';
import { parseFileName } from './file-name.ts';
import { nodeOf, referenceOf } from './file-reference.ts';
import type { MasterFileTable } from './master-file-table.ts';
import type { NtfsFile } from './ntfs-file.ts';
import { MOST_REPARSE_BYTES, parseReparsePoint, type ReparsePoint } from './reparse-point.ts';
import {
  FILE_ATTRIBUTE,
  parseStandardInformation,
  type StandardInformation,
} from './standard-information.ts';
import { type Packing, STORED_STREAM } from './system-compressed.ts';
import { wideText } from './wide-text.ts';

/** Links of Interix, which ntfs-3g writes too: files of the system that begin so, with the target behind it. */
const INTERIX_LINK = 'IntxLNK\u0001';
const MOST_LINK_BYTES = INTERIX_LINK.length + 2 * 4096;
const MODE = { folder: 0o755, link: 0o777, readOnly: 0o444, file: 0o644 };
const STANDARD_BYTES = 1024;
/** The only compression that is known. */
const LZNT1 = 1;

/** A file or folder of NTFS. */
export type NtfsNode = {
  readonly file: NtfsFile;
  readonly stat: FileStat;
  readonly data: AttributeStream | undefined;
  /** Of a file that the system compressed: the stream that holds its data, and how. */
  readonly packed: { readonly stream: AttributeStream; readonly packing: Packing } | undefined;
  /** Of a link: where it leads. */
  readonly target: string | undefined;
  /** Why its data cannot be given; `undefined`: they can. Follows the name of the file in a sentence. */
  readonly unread: string | undefined;
};

/** Reads what is known of a node. Rejects with `CORRUPT`. */
export async function readNtfsNode(table: MasterFileTable, node: NodeId, call?: Call): Promise<NtfsNode> {
  const file = await table.file(referenceOf(node), call);
  const standard = await readStandard(table, file, call);
  const data = await file.find(ATTRIBUTE.data, '', call);
  const point = await readPoint(table, file, call);
  const target = point.kind === 'link' ? point.target : await interixTarget(table, standard, data, call);
  const type = target === undefined ? typeOf(file, point) : 'symlink';
  const packed = point.kind === 'system-compressed' ? await packedIn(file, point.packing, call) : undefined;
  const links = await countNames(file, call);
  const stat: FileStat = {
    node: nodeOf(file.record),
    type,
    ...sizesOf(type, data, packed?.stream ?? data, target),
    mode: modeOf(type, standard),
    uid: 0,
    gid: 0,
    links,
    mtimeNs: standard.mtimeNs,
    atimeNs: standard.atimeNs,
    ctimeNs: standard.ctimeNs,
  };
  return { file, stat, data, packed, target, unread: unreadReason(standard, point, data) };
}

async function readStandard(
  table: MasterFileTable,
  file: NtfsFile,
  call: Call | undefined,
): Promise<StandardInformation> {
  const found = await file.find(ATTRIBUTE.standardInformation, '', call);
  if (found === undefined)
    throw damaged(`the file of MFT record ${file.record.record} has no times`, {
      record: file.record.record,
    });
  return parseStandardInformation(new Fields(await readValue(table.volume, found, STANDARD_BYTES, call)));
}

async function readPoint(
  table: MasterFileTable,
  file: NtfsFile,
  call: Call | undefined,
): Promise<ReparsePoint> {
  const found = await file.find(ATTRIBUTE.reparsePoint, '', call);
  if (found === undefined) return { kind: 'none' };
  return parseReparsePoint(new Fields(await readValue(table.volume, found, MOST_REPARSE_BYTES, call)));
}

async function interixTarget(
  table: MasterFileTable,
  { attributes }: StandardInformation,
  data: AttributeStream | undefined,
  call: Call | undefined,
): Promise<string | undefined> {
  const isSystem = (attributes & FILE_ATTRIBUTE.system) !== 0;
  if (!isSystem || data === undefined || data.head.compression !== 0 || data.head.isEncrypted)
    return undefined;
  const size = valueBytes(data);
  if (size <= INTERIX_LINK.length || size > MOST_LINK_BYTES) return undefined;
  const fields = new Fields(await readValue(table.volume, data, MOST_LINK_BYTES, call));
  if (fields.text(0, INTERIX_LINK.length) !== INTERIX_LINK) return undefined;
  return wideText(fields.slice(INTERIX_LINK.length, size - INTERIX_LINK.length));
}

async function packedIn(
  file: NtfsFile,
  packing: Packing,
  call: Call | undefined,
): Promise<NonNullable<NtfsNode['packed']>> {
  const stream = await file.find(ATTRIBUTE.data, STORED_STREAM, call);
  const { record } = file.record;
  if (stream === undefined)
    throw damaged(`the file of MFT record ${record} lacks its compressed data`, { record });
  return { stream, packing };
}

function typeOf({ record }: NtfsFile, point: ReparsePoint): FileType {
  if (point.kind === 'special') return point.type;
  return record.isFolder ? 'directory' : 'file';
}

/** Names that are listed: short ones are not, whatever the record says of how many there are. */
async function countNames(file: NtfsFile, call: Call | undefined): Promise<number> {
  const names = await file.all(ATTRIBUTE.fileName, call);
  return names.filter((name) => !name.isMapped && !parseFileName(name.value).isShort).length;
}

/** What lies in the record takes no space of its own. */
function sizesOf(
  type: FileType,
  data: AttributeStream | undefined,
  stored: AttributeStream | undefined,
  target: string | undefined,
): Pick<FileStat, 'sizeBytes' | 'allocatedBytes'> {
  if (target !== undefined) return { sizeBytes: encodeName(target).byteLength, allocatedBytes: 0 };
  if (type !== 'file' || data === undefined) return { sizeBytes: 0, allocatedBytes: 0 };
  return {
    sizeBytes: valueBytes(data),
    allocatedBytes: stored?.head.isMapped === true ? stored.head.allocatedBytes : 0,
  };
}

function modeOf(type: FileType, { attributes }: StandardInformation): number {
  if (type === 'directory') return MODE.folder;
  if (type === 'symlink') return MODE.link;
  return (attributes & FILE_ATTRIBUTE.readOnly) === 0 ? MODE.file : MODE.readOnly;
}

function unreadReason(
  { attributes }: StandardInformation,
  point: ReparsePoint,
  data: AttributeStream | undefined,
): string | undefined {
  if (point.kind === 'elsewhere') return point.how;
  if (point.kind === 'cloud' && isAway(attributes)) return 'may lie in the cloud, and not on this volume';
  if (data?.head.isEncrypted === true) return 'is encrypted (EFS)';
  const compression = data?.head.compression ?? 0;
  if (compression !== 0 && compression !== LZNT1 && data?.head.isMapped === true)
    return `is compressed in a way that is not known (${compression})`;
  return undefined;
}

/**
 * Of a file of the cloud only a part may be here: then it is to be fetched, which its attributes say ([MS-FSCC] 2.6). Its space does not:
 * a file that is here may be sparse or compressed.
 */
function isAway(attributes: number): boolean {
  return (attributes & (FILE_ATTRIBUTE.offline | FILE_ATTRIBUTE.recall)) !== 0;
}
