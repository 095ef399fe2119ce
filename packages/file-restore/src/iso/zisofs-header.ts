import { damaged, notSupported } from '../bytes/damage.ts';
import type { Fields } from '../bytes/fields.ts';
import { bothU32 } from './both-endian.ts';

// Layout: "zisofs format" of the libisofs project (doc/zisofs_format.txt), the entry ZF and the header of a file.
const MAGIC = Buffer.from('37e45396c9dbd607', 'hex');
/** What a header takes in version 1. */
export const HEADER_BYTES = 16;
const BLOCK_SHIFT = { least: 15, most: 17 };

/** How the data of a file are compressed, and how many there are of them. */
export type Zisofs = {
  readonly sizeBytes: number;
  /** Of one block when it is not compressed; `undefined`: a version that is not read. */
  readonly blockBytes: number | undefined;
};

/** Parses the entry of a file; version 2 keeps sizes of 64 bits. Throws `CORRUPT`. */
export function parseZisofs(data: Fields, version: number): Zisofs {
  const isFirst = data.text(0, 2) === 'pz' && version === 1;
  if (!isFirst) return { sizeBytes: data.u64(4), blockBytes: undefined };
  const [headerBytes, shift] = [data.u8(2) * 4, data.u8(3)];
  if (headerBytes !== HEADER_BYTES || shift < BLOCK_SHIFT.least || shift > BLOCK_SHIFT.most)
    throw damaged('a file of zisofs has blocks or a header of no possible size', { shift, headerBytes });
  return { sizeBytes: bothU32(data, 4), blockBytes: 2 ** shift };
}

/** The bytes of a block. Throws `FORMAT_UNSUPPORTED` for versions that are not read. */
export function knownBlockBytes({ blockBytes }: Zisofs): number {
  if (blockBytes === undefined)
    throw notSupported('the file is compressed by a zisofs of another version than 1');
  return blockBytes;
}

/** Throws `CORRUPT` unless the file begins with what its entry says. */
export function checkHeader(header: Fields, { sizeBytes, blockBytes }: Zisofs): void {
  const isSame =
    MAGIC.equals(header.slice(0, MAGIC.byteLength)) &&
    header.u32(8) === sizeBytes &&
    header.u8(12) * 4 === HEADER_BYTES &&
    2 ** header.u8(13) === blockBytes;
  if (!isSame) throw damaged('the header of a compressed file is not what its folder says of it');
}
