import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';

// Layout: RFC 8878, 3.1.1.
const MAGIC = 0xfd2f_b528;
const DICTIONARY_BYTES: readonly number[] = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES: readonly number[] = [0, 2, 4, 8];
const FLAG = { checksum: 4, oneSegment: 0x20 } as const;
const REPEATED_BYTE = 1;
const BLOCK_HEAD_BYTES = 3;

/** How long the frame of Zstandard at the begin of `bytes` is, which nothing but its blocks tells. Throws `CORRUPT` where it does not end. */
export function zstdFrameBytes(bytes: Uint8Array): number {
  const fields = new Fields(bytes);
  const size = bytes.byteLength;
  if (size < 6 || fields.u32(0) !== MAGIC) throw damaged('data of Zstandard do not begin as such');
  const flags = fields.u8(4);
  const isOne = (flags & FLAG.oneSegment) !== 0;
  const sizeBytes = CONTENT_SIZE_BYTES[flags >>> 6] ?? 0;
  let at = 5 + (DICTIONARY_BYTES[flags & 3] ?? 0) + (isOne ? Math.max(1, sizeBytes) : 1 + sizeBytes);
  for (let isLast = false; !isLast; ) {
    if (at + BLOCK_HEAD_BYTES > size) throw damaged('data of Zstandard end early');
    const head = fields.u16(at) | (fields.u8(at + 2) << 16);
    isLast = (head & 1) === 1;
    at += BLOCK_HEAD_BYTES + (((head >>> 1) & 3) === REPEATED_BYTE ? 1 : head >>> 3);
  }
  const end = at + ((flags & FLAG.checksum) === 0 ? 0 : 4);
  if (end > size) throw damaged('data of Zstandard end early');
  return end;
}
