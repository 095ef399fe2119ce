import type { FixtureSeal } from './disk-fixture.ts';

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f6_3b78 : value >>> 1;
  return value >>> 0;
});

/** CRC-32C (Castagnoli), as VHDX has it; of the ASCII digits 1 to 9 it is E3069283. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffff_ffff) >>> 0;
}

/** The checksum of VHD: the complement of the sum of all bytes. */
export function onesComplement(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum = (sum + byte) >>> 0;
  return ~sum >>> 0;
}

/** Computes a checksum anew, in place; nothing happens where the file ends before its bytes. */
export function applySeal(bytes: Uint8Array, { at, length, checksumAt, kind }: FixtureSeal): void {
  if (at + length > bytes.byteLength) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(checksumAt, 0);
  const covered = bytes.subarray(at, at + length);
  if (kind === 'crc32c') view.setUint32(checksumAt, crc32c(covered), true);
  else view.setUint32(checksumAt, onesComplement(covered));
}
