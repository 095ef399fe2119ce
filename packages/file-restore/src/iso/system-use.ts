import { setImmediate } from 'node:timers/promises';
import { type Call, throwIfAborted } from '@sendense/core';
import { readBytes } from '../bytes/byte-source.ts';
import { checkInside, damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import { bothU32 } from './both-endian.ts';
import type { IsoVolume } from './iso-volume.ts';

// Layout: "System Use Sharing Protocol" 1.12 (IEEE P1281), 4 and 5.
const HEAD_BYTES = 4;
/** Areas that one record goes on in, and bytes of one and of all: what extended attributes and the longest links come to. */
const MOST_AREAS = 64;
const MOST_AREA_BYTES = 64 * 1024;
const MOST_BYTES = 256 * 1024;
/** What a long name takes with all else: one area of so many bytes is read without a turn for others. */
const USUAL_BYTES = 512;

/** An entry of a system use area. */
export type SystemUseEntry = {
  /** Two letters. */
  readonly signature: string;
  readonly version: number;
  /** What follows the head of four bytes. */
  readonly data: Fields;
};

/** All entries of an area and of those that it goes on in. Rejects with `CORRUPT`: also where that has no end. */
export async function* systemUseEntries(
  { source, blockBytes }: Pick<IsoVolume, 'source' | 'blockBytes'>,
  area: Uint8Array,
  call?: Call,
): AsyncGenerator<SystemUseEntry, void, undefined> {
  let bytes = area;
  let sumBytes = 0;
  for (let areas = 0; ; areas += 1) {
    let further: Fields | undefined;
    for (const entry of entriesIn(bytes)) {
      if (entry.signature === 'ST') break;
      if (entry.signature === 'CE') further = entry.data;
      else yield entry;
    }
    if (further === undefined) return;
    const { at, length } = placeOf(further, blockBytes);
    sumBytes += length;
    if (areas >= MOST_AREAS || sumBytes > MOST_BYTES)
      throw damaged('what a directory record tells goes on without an end');
    checkInside(at, length, source.sizeBytes);
    // areas may be in memory, and those of all records the same: nothing else would wait for them
    if (sumBytes > USUAL_BYTES) await giveTurn(call);
    bytes = await readBytes(source, at, length, call);
  }
}

/** Where a record goes on: the first byte of the volume, and how many there are. */
function placeOf(further: Fields, blockBytes: number): { readonly at: number; readonly length: number } {
  if (further.bytes.byteLength < 24) throw damaged('an entry that tells where a record goes on is cut off');
  const [block, offset, length] = [bothU32(further, 0), bothU32(further, 8), bothU32(further, 16)];
  if (length > MOST_AREA_BYTES) throw damaged(`a directory record goes on for ${length} bytes`, { length });
  return { at: block * blockBytes + offset, length };
}

async function giveTurn(call: Call | undefined): Promise<void> {
  await setImmediate();
  throwIfAborted(call?.signal, 'read-file-system');
}

/** Too few bytes for an entry, or zeros, end an area. */
function* entriesIn(bytes: Uint8Array): Generator<SystemUseEntry, void, undefined> {
  const fields = new Fields(bytes);
  for (let at = 0; at + HEAD_BYTES <= bytes.byteLength && fields.u16(at) !== 0; ) {
    const length = fields.u8(at + 2);
    if (length < HEAD_BYTES || at + length > bytes.byteLength)
      throw damaged('an entry of a directory record has no possible length', { length });
    const signature = Buffer.from(fields.slice(at, 2)).toString('latin1');
    yield { signature, version: fields.u8(at + 3), data: fields.part(at + HEAD_BYTES, length - HEAD_BYTES) };
    at += length;
  }
}
