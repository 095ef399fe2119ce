/** CRC-32C (Castagnoli, RFC 3720), reflected: not the CRC of zlib. */
const POLYNOMIAL = 0x82f6_3b78;
/** Bytes that are taken at once: one table for each. */
const AT_ONCE = 8;

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

/** The CRC-32C of bytes `[from, end)`, going on from that of the bytes before them. */
export function crc32c(bytes: Uint8Array, before = 0, from = 0, end = bytes.byteLength): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const together = end - AT_ONCE;
  let crc = ~before;
  let at = from;
  for (; at <= together; at += AT_ONCE)
    crc = four(crc ^ view.getInt32(at, true), 4) ^ four(view.getInt32(at + 4, true), 0);
  for (; at < end; at += 1) crc = look(0, crc ^ view.getUint8(at)) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The CRC-32C of a number of 32 bits, its lowest byte first, going on from that of the bytes before it. */
export function crc32cOfWord(word: number, before: number): number {
  return ~four(~before ^ word, 0) >>> 0;
}

/**
 * The CRC-32C of a structure, bytes `[from, end)`, that stores it in `length` of them from `at` on: those count as zeros. It goes on from
 * that of the bytes before.
 */
export function crc32cWithout(
  bytes: Uint8Array,
  at: number,
  length: number,
  before = 0,
  from = 0,
  end = bytes.byteLength,
): number {
  let crc = ~crc32c(bytes, before, from, at);
  for (let left = length; left > 0; left -= 1) crc = look(0, crc) ^ (crc >>> 8);
  return crc32c(bytes, ~crc, at + length, end);
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
