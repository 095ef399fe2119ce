import { Fields } from '../bytes/fields.ts';
import type { FileStat, NodeId } from '../file-system-reader.ts';
import { wideText } from '../ntfs/wide-text.ts';
import { isPlainName } from '../paths/entry-name.ts';
import type { Allocation } from './allocation.ts';
import { timestampNs } from './timestamp.ts';

// Layout: "exFAT file system specification" (Microsoft), 6.3 Generic Primary DirectoryEntry Template, 7.4 File, 7.6 Stream Extension, 7.7 File Name.
/** Bytes of one entry. */
export const ENTRY_BYTES = 32;

/** Types of entries, and what bits of the type of an entry say. */
export const TYPE = {
  end: 0,
  bitmap: 0x81,
  upCase: 0x82,
  label: 0x83,
  file: 0x85,
  stream: 0xc0,
  name: 0xc1,
  inUse: 0x80,
  secondary: 0x40,
  /** Who does not know it may pass over it. */
  benign: 0x20,
} as const;

const ATTRIBUTE = { readOnly: 1, folder: 0x10 };
const NO_FAT_CHAIN = 2;
const NAME_UNITS = 15;
const MODE = { folder: 0o755, readOnly: 0o444, file: 0o644 };

/** A file or folder as its set of entries tells it. */
export type EntrySet = {
  readonly name: string;
  readonly isFolder: boolean;
  readonly data: Allocation;
  /** Bytes that were written; what follows up to its size are zeros. */
  readonly validBytes: number;
  readonly mode: number;
  readonly mtimeNs: bigint;
  readonly atimeNs: bigint;
};

/** Reads the set of a file: its own entry and those behind it. `undefined`: its checksum is wrong, or it contradicts itself. */
export function parseEntrySet(bytes: Uint8Array): EntrySet | undefined {
  const file = new Fields(bytes);
  if (checksum(bytes) !== file.u16(2) || file.u8(ENTRY_BYTES) !== TYPE.stream) return undefined;
  const stream = file.part(ENTRY_BYTES, ENTRY_BYTES);
  const name = nameIn(file, stream.u8(3));
  if (name === undefined || !isPlainName(name)) return undefined;
  const attributes = file.u16(4);
  const isFolder = (attributes & ATTRIBUTE.folder) !== 0;
  return {
    name,
    isFolder,
    data: {
      first: stream.u32(20),
      isContiguous: (stream.u8(1) & NO_FAT_CHAIN) !== 0,
      sizeBytes: stream.u64(24),
    },
    validBytes: stream.u64(8),
    mode: isFolder ? MODE.folder : (attributes & ATTRIBUTE.readOnly) !== 0 ? MODE.readOnly : MODE.file,
    mtimeNs: timestampNs({ stamp: file.u32(12), tens: file.u8(21), zone: file.u8(23) }),
    atimeNs: timestampNs({ stamp: file.u32(16), tens: 0, zone: file.u8(24) }),
  };
}

/** The name of so many units of 16 bits, in the entries behind the stream. */
function nameIn(set: Fields, units: number): string | undefined {
  const parts: Uint8Array[] = [];
  const count = Math.ceil(units / NAME_UNITS);
  for (let index = 0; index < count; index += 1) {
    const at = (2 + index) * ENTRY_BYTES;
    if (at >= set.bytes.byteLength || set.u8(at) !== TYPE.name) return undefined;
    parts.push(set.slice(at + 2, NAME_UNITS * 2));
  }
  return wideText(Buffer.concat(parts).subarray(0, units * 2));
}

/** Of a set, without the bytes that hold it. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (const [at, byte] of bytes.entries())
    if (at !== 2 && at !== 3) sum = (((sum & 1) << 15) + (sum >> 1) + byte) & 0xffff;
  return sum;
}

/** What a set tells. exFAT has no owners. */
export function statOf(node: NodeId, set: EntrySet, clusterBytes: number): FileStat {
  const sizeBytes = set.isFolder ? 0 : set.data.sizeBytes;
  return {
    node,
    type: set.isFolder ? 'directory' : 'file',
    sizeBytes,
    allocatedBytes: Math.ceil(sizeBytes / clusterBytes) * clusterBytes,
    mode: set.mode,
    uid: 0,
    gid: 0,
    links: 1,
    mtimeNs: set.mtimeNs,
    atimeNs: set.atimeNs,
    ctimeNs: set.mtimeNs,
  };
}
