import { crc32 } from 'node:zlib';
import { crc32c, crc32cWithout } from '@sendense/plugin-kit/checksums';
import { damaged, notSupported } from '../bytes/damage.ts';
import type { Fields } from '../bytes/fields.ts';

// Layout: "ext4 Data Structures and Algorithms", Journal (jbd2); what a mount does with sums: fs/jbd2/recovery.c of Linux. Big-endian.
const COMPAT_CHECKSUM = 1;
const INCOMPAT = { checksum2: 8, checksum3: 0x10 };
const SUPERBLOCK_BYTES = 1024;
const SUM_AT = { superblock: 0xfc, commit: 16 };
/** Types of sums in the superblock and in the block that commits. */
const CRC32C = 4;
const CRC32 = 1;
const CRC32_BYTES = 4;

/** Which sums a journal has: version 1 one of each transaction, versions 2 and 3 one of each block. */
export type JournalChecksums =
  | { readonly version: 0 | 1 }
  | {
      readonly version: 2 | 3;
      /** Sum of the UUID of the journal, from which all others go on. */
      readonly before: number;
    };

/** Reads which sums a journal has, and checks that of its superblock. Throws `CORRUPT` or `FORMAT_UNSUPPORTED`. */
export function readJournalChecksums(superblock: Fields, incompat: number): JournalChecksums {
  const has1 = (superblock.u32be(0x24) & COMPAT_CHECKSUM) !== 0;
  const [has2, has3] = [(incompat & INCOMPAT.checksum2) !== 0, (incompat & INCOMPAT.checksum3) !== 0];
  if (Number(has1) + Number(has2) + Number(has3) > 1)
    throw damaged('the journal claims checksums of several versions');
  if (!has2 && !has3) return { version: has1 ? 1 : 0 };
  if (superblock.u8(0x50) !== CRC32C) throw notSupported('the journal has checksums that are not known');
  const sum = crc32cWithout(superblock.bytes, SUM_AT.superblock, 4, 0, 0, SUPERBLOCK_BYTES);
  if (!isStored(superblock, SUM_AT.superblock, sum))
    throw damaged('the superblock of the journal does not have its checksum');
  return { version: has2 ? 2 : 3, before: crc32c(superblock.slice(0x30, 16)) };
}

/** Whether a block that lists others, written or revoked, has its sum: it ends with that. */
export function isListSound(checksums: JournalChecksums, block: Fields): boolean {
  if (!('before' in checksums)) return true;
  const at = block.bytes.byteLength - 4;
  return isStored(block, at, crc32cWithout(block.bytes, at, 4, checksums.before));
}

/** Whether a block of the volume that lies in the log has the sum that its tag tells: 16 bits of it in version 2. */
export function isDataSound(
  checksums: JournalChecksums,
  data: Uint8Array,
  tag: { readonly sequence: number; readonly checksum: number },
): boolean {
  if (!('before' in checksums)) return true;
  const sequence = Buffer.alloc(4);
  sequence.writeUInt32BE(tag.sequence);
  const sum = ~crc32c(data, crc32c(sequence, checksums.before)) >>> 0;
  return tag.checksum === (checksums.version === 3 ? sum : sum & 0xffff);
}

/** Whether the block that commits has its sum; `transaction`: that of {@link addToTransaction}, which version 1 keeps in it or not at all. */
export function isCommitSound(checksums: JournalChecksums, block: Fields, transaction: number): boolean {
  if ('before' in checksums)
    return isStored(block, SUM_AT.commit, crc32cWithout(block.bytes, SUM_AT.commit, 4, checksums.before));
  if (checksums.version === 0) return true;
  const [type, length, sum] = [block.u8(12), block.u8(13), block.u32be(SUM_AT.commit)];
  const isUnused = type === 0 && length === 0 && sum === 0;
  return isUnused || (type === CRC32 && length === CRC32_BYTES && sum === turned(~transaction));
}

/** The sum of a transaction with one more of its blocks. Version 1 takes bits from the highest on: as CRC-32 takes bytes turned round. */
export function addToTransaction(block: Uint8Array, before: number): number {
  return crc32(
    block.map((byte) => TURNED[byte] ?? 0),
    before,
  );
}

/** Bytes with their bits in reverse. */
const TURNED = Uint8Array.from({ length: 256 }, (_, byte) => turned(byte) >>> 24);

/** A number of 32 bits with its bits in reverse. */
function turned(value: number): number {
  let result = 0;
  for (let bit = 0; bit < 32; bit += 1) result = (result << 1) | ((value >>> bit) & 1);
  return result >>> 0;
}

/** The sum is stored as it stands, not inverted at its end. */
function isStored(block: Fields, at: number, sum: number): boolean {
  return block.u32be(at) === ~sum >>> 0;
}
