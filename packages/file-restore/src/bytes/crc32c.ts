/** CRC-32C (Castagnoli, RFC 3720), reflected: not the CRC of zlib. */
const POLYNOMIAL = 0x82f6_3b78;
/** Bytes that are taken at once: one table for each. */
const AT_ONCE = 8;
const ZEROS = new Uint8Array(4);

/** Entry `256 * n + byte`: what a byte does to the CRC after `n` more bytes. */
const TABLES = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(AT_ONCE * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    tables[byte] = value;
  }
  for (let index = 256; index < tables.length; index += 1) {
    const before = tables[index - 256] ?? 0;
    tables[index] = (before >>> 8) ^ (tables[before & 0xff] ?? 0);
  }
  return tables;
}

/** The CRC-32C of `bytes`, going on from that of the bytes before them. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const together = bytes.byteLength - (bytes.byteLength % AT_ONCE);
  let crc = ~before;
  for (let at = 0; at < together; at += AT_ONCE) {
    const low = view.getInt32(at, true) ^ crc;
    const high = view.getInt32(at + 4, true);
    crc = four(low, 4) ^ four(high, 0);
  }
  for (let at = together; at < bytes.byteLength; at += 1)
    crc = look(0, crc ^ view.getUint8(at)) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** What four bytes do to the CRC after `more` bytes. */
function four(word: number, more: number): number {
  return (
    look(more + 3, word) ^ look(more + 2, word >>> 8) ^ look(more + 1, word >>> 16) ^ look(more, word >>> 24)
  );
}

function look(more: number, byte: number): number {
  return TABLES[more * 256 + (byte & 0xff)] ?? 0;
}

/** The CRC-32C of a structure that stores it in `length` of its bytes from `at` on, at most four, which count as zeros. */
export function crc32cWithout(bytes: Uint8Array, at: number, length: number, before = 0): number {
  const blanked = crc32c(ZEROS.subarray(0, length), crc32c(bytes.subarray(0, at), before));
  return crc32c(bytes.subarray(at + length), blanked);
}
