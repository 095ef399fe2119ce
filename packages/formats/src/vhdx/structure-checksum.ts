import { crc32cWithout } from '@sendense/plugin-kit/checksums';

/** The CRC-32C of a structure that stores it in its bytes 4–7, which count as zero. */
export function structureChecksum(bytes: Uint8Array): number {
  return crc32cWithout(bytes, 4, 4);
}
