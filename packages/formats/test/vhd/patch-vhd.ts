import type { MemoryFileSystem } from '../memory-file-system.ts';

/** A structure of a VHD with a checksum: where it lies, how long it is, and where in it the checksum is. */
type Structure = { readonly at: number; readonly length: number; readonly checksumAt: number };

/** The copy of the footer at the front of a disk with blocks. */
export const FRONT: Structure = { at: 0, length: 512, checksumAt: 64 };
/** The header of a disk with blocks that we wrote. */
export const HEADER: Structure = { at: 512, length: 1024, checksumAt: 36 };

/** The footer at the end of a file. */
export function endOf(bytes: Uint8Array): Structure {
  return { ...FRONT, at: bytes.byteLength - 512 };
}

/** The bytes of a file in memory. */
export function bytesOf(fileSystem: MemoryFileSystem, path: string): Uint8Array {
  const bytes = fileSystem.files.get(path);
  if (bytes === undefined) throw new Error(`no ${path}`);
  return bytes;
}

/** Changes bytes of a structure, from `offset` in it on, and makes its checksum right again. */
export function patchStructure(
  file: Uint8Array,
  structure: Structure,
  offset: number,
  bytes: ArrayLike<number>,
): void {
  file.set(bytes, structure.at + offset);
  const part = file.subarray(structure.at, structure.at + structure.length);
  const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
  view.setUint32(structure.checksumAt, 0);
  view.setUint32(structure.checksumAt, ~part.reduce((sum, byte) => sum + byte, 0) >>> 0);
}

/** The bytes of a big-endian number. */
export function bigEndian(value: number, length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(value));
  return new Uint8Array(view.buffer).subarray(8 - length);
}
