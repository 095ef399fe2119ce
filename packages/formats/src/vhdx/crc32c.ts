/** CRC-32C (Castagnoli, RFC 3720), reflected: not the CRC of zlib. */
const POLYNOMIAL = 0x82f6_3b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value;
});

/** The CRC-32C of `bytes`, going on from that of the bytes before them. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The checksum of a structure that stores it in its bytes 4–7, which count as zero. */
export function structureChecksum(bytes: Uint8Array): number {
  return crc32c(bytes.subarray(8), crc32c(new Uint8Array(4), crc32c(bytes.subarray(0, 4))));
}
