import { damaged, notSupported } from '../bytes/damage.ts';
import type { Fields } from '../bytes/fields.ts';

// Layout: "zisofs format" and "zisofs2 format" of the libisofs project (doc/zisofs_format.txt, doc/zisofs2_format.txt): the entries ZF
// and Z2, and the header of a file.
const MAGIC = Buffer.from('37e45396c9dbd607', 'hex');
/** What a header takes in version 1. */
export const HEADER_BYTES = 16;
const BLOCK_SHIFT = { least: 15, most: 17 };

/** How the data of a file are compressed, and how many there are of them. */
export type Zisofs = {
  readonly sizeBytes: number;
  /** Of one block when it is not compressed; `undefined`: a way that is not read. */
  readonly blockBytes: number | undefined;
};

/** Parses the entry of a file; whatever compressed it, version 2 keeps sizes of 64 bits, and version 1 of 32. */
export function parseZisofs(data: Fields, version: number): Zisofs {
  if (version >= 2) return { sizeBytes: data.u64(4), blockBytes: undefined };
  const shift = data.u8(3);
  const isKnown =
    data.text(0, 2) === 'pz' &&
    data.u8(2) * 4 === HEADER_BYTES &&
    shift >= BLOCK_SHIFT.least &&
    shift <= BLOCK_SHIFT.most;
  return { sizeBytes: data.u32(4), blockBytes: isKnown ? 2 ** shift : undefined };
}

/** The bytes of a block. Throws `FORMAT_UNSUPPORTED` for ways that are not read. */
export function knownBlockBytes({ blockBytes }: Zisofs): number {
  if (blockBytes === undefined)
    throw notSupported('the file is compressed in another way than version 1 of zisofs has');
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
