import { damaged } from '../bytes/damage.ts';
import type { Fields } from '../bytes/fields.ts';
import { wideText } from './wide-text.ts';

// Layout: "NTFS Documentation" of the Linux-NTFS project, Attributes and Attribute Header.

/** What attributes are named by. */
export const ATTRIBUTE = {
  standardInformation: 0x10,
  list: 0x20,
  fileName: 0x30,
  volumeName: 0x60,
  volumeInformation: 0x70,
  data: 0x80,
  indexRoot: 0x90,
  indexAllocation: 0xa0,
  bitmap: 0xb0,
  reparsePoint: 0xc0,
} as const;

const END = 0xffff_ffff;
const HEADER_BYTES = { resident: 24, mapped: 64, withHoles: 72 };
const FLAG = { compression: 0x00ff, encrypted: 0x4000, sparse: 0x8000 };
/** -1 as unsigned number: the last cluster of what has none. */
const NEGATIVE = 2 ** 63;

type Common = {
  readonly type: number;
  /** Empty for the data of a file; `$I30` for what lists a folder. */
  readonly name: string;
  readonly instance: number;
  /** How it is compressed; 0: not at all. */
  readonly compression: number;
  readonly isEncrypted: boolean;
};

/** An attribute whose value lies in its record. */
export type ResidentAttribute = Common & { readonly isMapped: false; readonly value: Fields };

/** An attribute, or a part of one, whose value lies in clusters. */
export type MappedAttribute = Common & {
  readonly isMapped: true;
  /** Clusters of the value that it maps. */
  readonly firstCluster: number;
  readonly endCluster: number;
  readonly runs: Fields;
  /** Of a compressed value: clusters that are compressed together, as a power of two. */
  readonly unitBits: number;
  /** The sizes are told by the first part only: all clusters, those that are no holes, the value, and what of it was written. */
  readonly reservedBytes: number;
  readonly allocatedBytes: number;
  readonly sizeBytes: number;
  /** What follows was never written: zeros. */
  readonly initialisedBytes: number;
};

/** An attribute of a record. */
export type Attribute = ResidentAttribute | MappedAttribute;

/** The attributes of a record that lie in `[from, end)`. Throws `CORRUPT`. */
export function parseAttributes(fields: Fields, from: number, end: number): Attribute[] {
  const attributes: Attribute[] = [];
  for (let at = from; at + 4 <= end && fields.u32(at) !== END; ) {
    const length = at + HEADER_BYTES.resident > end ? 0 : fields.u32(at + 4);
    if (length < HEADER_BYTES.resident || length % 8 !== 0 || at + length > end)
      throw damaged('the attributes of a record do not fit into it');
    attributes.push(parseAttribute(fields.part(at, length)));
    at += length;
  }
  return attributes;
}

function parseAttribute(fields: Fields): Attribute {
  const flags = fields.u16(12);
  const common: Common = {
    type: fields.u32(0),
    name: wideText(partIn(fields, fields.u16(10), fields.u8(9) * 2).bytes),
    instance: fields.u16(14),
    compression: flags & FLAG.compression,
    isEncrypted: (flags & FLAG.encrypted) !== 0,
  };
  if (fields.u8(8) === 0)
    return { ...common, isMapped: false, value: partIn(fields, fields.u16(20), fields.u32(16)) };
  const length = fields.bytes.byteLength;
  if (length < HEADER_BYTES.mapped) throw damaged('an attribute is shorter than its header');
  const last = fields.u64(24);
  const runsAt = fields.u16(32);
  const hasHoles = (flags & (FLAG.compression | FLAG.sparse)) !== 0 && length >= HEADER_BYTES.withHoles;
  return {
    ...common,
    isMapped: true,
    firstCluster: fields.u64(16),
    endCluster: last >= NEGATIVE ? 0 : last + 1,
    runs: partIn(fields, runsAt, length - runsAt),
    unitBits: fields.u8(34),
    reservedBytes: fields.u64(40),
    allocatedBytes: fields.u64(hasHoles ? 64 : 40),
    sizeBytes: fields.u64(48),
    initialisedBytes: fields.u64(56),
  };
}

function partIn(fields: Fields, at: number, length: number): Fields {
  if (length < 0 || at + length > fields.bytes.byteLength)
    throw damaged('an attribute names a part that it does not have');
  return fields.part(at, length);
}
