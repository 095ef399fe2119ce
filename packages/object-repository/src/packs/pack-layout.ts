import { damagedObject } from '../keys/proven-json.ts';
import type { Sealer } from '../seal/seal.ts';
import { ENTRY_BYTES, type PackEntry, parseEntries, serializeEntries } from './pack-directory.ts';

const MAGIC = Buffer.from('SNDPACK1');
const TAIL_MAGIC = Buffer.from('SNDPTAIL');
/** Bytes before the first frame. */
export const PACK_HEADER_BYTES = MAGIC.byteLength;
/** Bytes behind the directory: its length, and the magic of the end. */
export const PACK_TAIL_BYTES = 4 + TAIL_MAGIC.byteLength;
/** No pack is larger. */
export const MAX_PACK_BYTES = 64 * 1024 * 1024;
/** A pack of chunks of 512 bytes has fewer. */
const MAX_ENTRIES = 1 << 17;

/** The parts of a pack, in order. */
export function serializePack(
  key: string,
  frames: readonly Uint8Array[],
  entries: readonly PackEntry[],
  sealer: Sealer,
): Uint8Array[] {
  const count = Buffer.alloc(4);
  count.writeUInt32LE(entries.length);
  const directory = sealer.seal('directory', key, Buffer.concat([count, serializeEntries(entries)]));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(directory.byteLength);
  return [MAGIC, ...frames, directory, length, TAIL_MAGIC];
}

/** Where the directory of a pack of `sizeBytes` lies, by its last bytes. Throws `CORRUPT`. */
export function parsePackTail(
  tail: Uint8Array,
  sizeBytes: number,
  key: string,
): { readonly offset: number; readonly length: number } {
  const view = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength);
  if (view.byteLength !== PACK_TAIL_BYTES || !TAIL_MAGIC.equals(view.subarray(4)))
    throw damagedObject(key, 'does not end like a pack: it was cut, or is no pack');
  const length = view.readUInt32LE(0);
  const offset = sizeBytes - PACK_TAIL_BYTES - length;
  if (offset < PACK_HEADER_BYTES || length > MAX_ENTRIES * ENTRY_BYTES)
    throw damagedObject(key, 'has a directory of a wrong length');
  return { offset, length };
}

/** The entries of a directory that lies at `offset` of its pack. Throws `CORRUPT`. */
export function parseDirectory(bytes: Uint8Array, offset: number, key: string, sealer: Sealer): PackEntry[] {
  const content = sealer.open('directory', key, bytes);
  if (content.byteLength < 4) throw damagedObject(key, 'has a directory of a wrong size');
  const count = Buffer.from(content.buffer, content.byteOffset, content.byteLength).readUInt32LE(0);
  const listed = content.subarray(4);
  if (listed.byteLength !== count * ENTRY_BYTES) throw damagedObject(key, 'has a directory of a wrong size');
  const entries = [...parseEntries(listed, key)];
  const end = entries.reduce((sum, { length }) => sum + length, PACK_HEADER_BYTES);
  if (end !== offset) throw damagedObject(key, 'has other frames than its directory names');
  return entries;
}
