import { setImmediate } from 'node:timers/promises';
import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { readBytes } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import { type DirectoryRecord, parseRecord, readRecord, recordLength } from './directory-record.ts';
import type { IsoVolume } from './iso-volume.ts';
import { SECTOR_BYTES } from './volume-descriptor.ts';

/** Read at once, and kept in memory as metadata. */
const WINDOW_BYTES = 64 * SECTOR_BYTES;
/** Windows after which others get their turn. */
const WINDOWS_PER_TURN = 8;

/** A folder: its first byte on the volume, and how long it is. */
export type Folder = { readonly at: number; readonly sizeBytes: number };

/** What was met: a record, a part of a sector that holds none, or the end of what can be followed and why. */
export type RecordItem =
  | { readonly kind: 'record'; readonly record: DirectoryRecord }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'cut'; readonly why: string };

/** The first record of a folder, which is its own. Rejects with `CORRUPT`: there is none. */
export async function readOwnRecord(
  { source, blockBytes }: IsoVolume,
  at: number,
  call?: Call,
): Promise<DirectoryRecord> {
  const own = await readRecord(source, at, blockBytes, call);
  const isOwn = own?.identifier[0] === 0 && own.identifier.byteLength === 1 && own.isFolder;
  if (!isOwn || own.end - at > own.sizeBytes)
    throw damaged(`no folder begins at byte ${at}`, { folderAt: at });
  return own;
}

/** Records of a folder from byte `from` of it on. */
export async function* folderRecords(
  volume: IsoVolume,
  folder: Folder,
  from: number,
  call?: Call,
): AsyncGenerator<RecordItem, void, undefined> {
  const end = folder.at + folder.sizeBytes;
  let windows = 0;
  for (let at = folder.at + from; at < end; ) {
    throwIfAborted(call?.signal, 'list-folder');
    if (++windows % WINDOWS_PER_TURN === 0) await setImmediate();
    // windows end where sectors do, and so do records
    const next = Math.min(end, (Math.floor(at / SECTOR_BYTES) + WINDOW_BYTES / SECTOR_BYTES) * SECTOR_BYTES);
    const bytes = await readUpTo(volume, at, next, call);
    yield* recordsIn(bytes, at, volume.blockBytes);
    if (bytes.byteLength < next - at) {
      yield { kind: 'cut', why: 'it reaches past the end of its volume' };
      return;
    }
    at = next;
  }
}

function readUpTo(
  { source }: IsoVolume,
  at: number,
  end: number,
  call: Call | undefined,
): Promise<Uint8Array> {
  const here = Math.min(at, source.sizeBytes);
  return readBytes(source, here, Math.min(end, source.sizeBytes) - here, call);
}

/** Records of sectors, of which the first may have begun before; one whose length is damaged takes the rest of its sector with it. */
function* recordsIn(
  bytes: Uint8Array,
  begin: number,
  blockBytes: number,
): Generator<RecordItem, void, undefined> {
  for (let offset = 0; offset < bytes.byteLength; ) {
    const at = begin + offset;
    if (bytes[offset] === 0) {
      offset += blockBytes - (at % blockBytes);
      continue;
    }
    const left = SECTOR_BYTES - (at % SECTOR_BYTES);
    const inSector = bytes.subarray(offset, offset + left);
    const record = parseUnlessDamaged(inSector, at, blockBytes);
    yield record === undefined ? { kind: 'damaged' } : { kind: 'record', record };
    offset += recordLength(inSector) ?? left;
  }
}

function parseUnlessDamaged(bytes: Uint8Array, at: number, blockBytes: number): DirectoryRecord | undefined {
  try {
    return parseRecord(bytes, at, blockBytes);
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    return undefined;
  }
}
