import type { SendenseError } from '@sendense/core';
import { damagedObject } from '../keys/proven-json.ts';

/** Bytes of a chunk id. */
export const ID_BYTES = 32;
/** What a chunk is: bytes of a disk, a node of a map, bytes of an artifact. */
export const CHUNK_KINDS = { disk: 0, node: 1, artifact: 2 } as const;
/** See {@link CHUNK_KINDS}. */
export type ChunkKind = (typeof CHUNK_KINDS)[keyof typeof CHUNK_KINDS];

/** Bytes of an entry: id, length of the frame, kind. */
export const ENTRY_BYTES = ID_BYTES + 4 + 1;

/** A frame of a pack, without where it lies. */
export type PackEntry = { readonly id: Uint8Array; readonly length: number; readonly kind: ChunkKind };

/** Entries back to back, as directories and index objects hold them. */
export function serializeEntries(entries: readonly PackEntry[]): Buffer {
  const bytes = Buffer.allocUnsafe(entries.length * ENTRY_BYTES);
  for (const [index, { id, length, kind }] of entries.entries()) {
    const at = index * ENTRY_BYTES;
    bytes.set(id, at);
    bytes.writeUInt32LE(length, at + ID_BYTES);
    bytes.writeUInt8(kind, at + ID_BYTES + 4);
  }
  return bytes;
}

/** The entries of `bytes`, whose length is a multiple of an entry's. Throws `CORRUPT` for a kind or length that cannot be. */
export function* parseEntries(bytes: Uint8Array, object: string): Generator<PackEntry> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < view.byteLength; at += ENTRY_BYTES)
    yield { id: view.subarray(at, at + ID_BYTES), ...frameAt(view, at, object) };
}

/** Bytes of all the frames that the entries from `first` to `end` tell of, without an object for each. Throws as {@link parseEntries} does. */
export function framesBytes(entries: Buffer, first: number, end: number, object: string): number {
  let bytes = 0;
  for (let at = first; at < end; at += ENTRY_BYTES) bytes += lengthAt(entries, at, object);
  return bytes;
}

function lengthAt(entries: Buffer, at: number, object: string): number {
  const length = entries.readUInt32LE(at + ID_BYTES);
  if (length === 0 || !isKind(entries.readUInt8(at + ID_BYTES + 4))) throw notAChunk(object);
  return length;
}

function frameAt(entries: Buffer, at: number, object: string): Omit<PackEntry, 'id'> {
  const kind = entries.readUInt8(at + ID_BYTES + 4);
  if (!isKind(kind)) throw notAChunk(object);
  return { length: lengthAt(entries, at, object), kind };
}

function notAChunk(object: string): SendenseError {
  return damagedObject(object, 'names a chunk that cannot be');
}

function isKind(kind: number): kind is ChunkKind {
  return kind <= CHUNK_KINDS.artifact;
}
