/** One's complement of the sum of the bytes, of which the four at `checksumAt` count as zero. */
export function vhdChecksum(bytes: Uint8Array, checksumAt: number): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  for (const byte of bytes.subarray(checksumAt, checksumAt + 4)) sum -= byte;
  return ~sum >>> 0;
}
