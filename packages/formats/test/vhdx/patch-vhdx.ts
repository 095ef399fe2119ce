import { createVhdx } from '@sendense/formats/vhdx';
import { MemoryFileSystem } from '../memory-file-system.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** Structures of a file that we wrote, with their lengths. */
export const AT = {
  headers: [
    [64 * KIB, 4 * KIB],
    [128 * KIB, 4 * KIB],
  ],
  regions: [
    [192 * KIB, 64 * KIB],
    [256 * KIB, 64 * KIB],
  ],
  log: MIB,
  metadata: 2 * MIB,
  table: 3 * MIB,
} as const;

/** A path for the image, and what {@link sampleVhdx} puts there. */
export const IMAGE = '/images/disk.vhdx';

/** A disk of 4 MiB in blocks of 1 MiB, of which the second holds sevens. */
export async function sampleVhdx(path = IMAGE, fileSystem = new MemoryFileSystem()) {
  const writer = await createVhdx(path, { fileSystem, sizeBytes: 4 * MIB, blockBytes: MIB });
  await writer.write(MIB, new Uint8Array(MIB).fill(7));
  await writer.flush();
  const file = fileSystem.files.get(path) ?? new Uint8Array();
  return { fileSystem, file };
}

/** CRC-32C, bit by bit, so that it shares nothing with the code under test. */
export function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
  }
  return ~crc >>> 0;
}

/** Changes bytes of a structure with a checksum, in all its copies, and makes the checksums right again. */
export function patchCopies(
  file: Uint8Array,
  copies: readonly (readonly [at: number, length: number])[],
  offset: number,
  bytes: ArrayLike<number>,
): void {
  for (const [at, length] of copies) {
    file.set(bytes, at + offset);
    const part = file.subarray(at, at + length);
    part.set(littleEndian(0, 4), 4);
    part.set(littleEndian(slowCrc32c(part), 4), 4);
  }
}

/** The bytes of a little-endian number. */
export function littleEndian(value: number | bigint, length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(value), true);
  return new Uint8Array(view.buffer).subarray(0, length);
}

/** An entry of a log with one change: a sector of 4 KiB at an offset in the file, or `length` zeros. */
export type LoggedChange = {
  readonly sequence: number;
  readonly guid: Uint8Array;
  /** Offset in the log of the oldest entry. */
  readonly tail?: number;
  readonly offset: number;
  readonly flushedBytes: number;
  readonly lastBytes?: number;
  readonly change: { readonly sector: Uint8Array } | { readonly zeros: number };
};

/** The bytes of such an entry. */
export function logEntry({
  sequence,
  guid,
  tail = 0,
  offset,
  flushedBytes,
  lastBytes,
  change,
}: LoggedChange): Uint8Array {
  const isData = 'sector' in change;
  const bytes = new Uint8Array(isData ? 8192 : 4096);
  const put = (at: number, value: ArrayLike<number>) => bytes.set(value, at);
  put(0, Buffer.from('loge'));
  put(8, littleEndian(bytes.byteLength, 4));
  put(12, littleEndian(tail, 4));
  put(16, littleEndian(sequence, 8));
  put(24, littleEndian(1, 4));
  put(32, guid);
  put(48, littleEndian(flushedBytes, 8));
  put(56, littleEndian(lastBytes ?? flushedBytes, 8));
  put(64, Buffer.from(isData ? 'desc' : 'zero'));
  if (isData) {
    put(68, change.sector.subarray(4092));
    put(72, change.sector.subarray(0, 8));
    put(4096, Buffer.from('data'));
    put(4096 + 8, change.sector.subarray(8, 4092));
    put(8192 - 4, littleEndian(sequence, 4));
  } else put(72, littleEndian(change.zeros, 8));
  put(80, littleEndian(offset, 8));
  put(88, littleEndian(sequence, 8));
  put(4, littleEndian(slowCrc32c(bytes), 4));
  return bytes;
}
