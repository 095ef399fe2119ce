import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { MARKER_BYTES, SECTOR_BYTES } from './constants.ts';
import { viewOf } from './field-reader.ts';
import { corrupt } from './format-error.ts';

const inflate = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.inflate);

/** Incompressible grains are stored a little larger than they are. */
const SLACK_BYTES = 4096;

/** A compressed grain in a file. */
export type StoredGrain = {
  readonly handle: FileHandle;
  readonly position: number;
  /** Offset of its first byte in the extent. */
  readonly start: number;
  readonly grainBytes: number;
  /** Bytes of the disk in it: less than a grain at the end of the disk. */
  readonly neededBytes: number;
  /** Whether its sector and its length stand before it. */
  readonly hasMarkers: boolean;
};

/** The most bytes a compressed grain may take with its marker: twice its size, as QEMU has it. */
export function mostStoredBytes(grainBytes: number): number {
  return 2 * grainBytes + MARKER_BYTES;
}

/** Reads and inflates a grain. Rejects with `CORRUPT` when it is cut short, belongs elsewhere or is no zlib stream. */
export async function readCompressedGrain(grain: StoredGrain): Promise<Uint8Array> {
  const { handle, position, grainBytes, neededBytes, hasMarkers } = grain;
  const first = await readUpTo(handle, position, grainBytes + SLACK_BYTES);
  const stored = hasMarkers ? await behindMarker(grain, first) : first;
  const plain = await inflate(stored, { maxOutputLength: grainBytes });
  if (plain.byteLength < neededBytes) throw corrupt(`the grain at ${grain.start} is shorter than a grain`);
  return plain;
}

async function behindMarker(grain: StoredGrain, first: Uint8Array): Promise<Uint8Array> {
  const { handle, position, start, grainBytes } = grain;
  if (first.byteLength < MARKER_BYTES) throw cutShort(start);
  const view = viewOf(first);
  const [sector, length] = [view.getBigUint64(0, true), view.getUint32(8, true)];
  if (sector !== BigInt(start / SECTOR_BYTES))
    throw corrupt(`the grain at ${start} is marked as that of sector ${sector}`);
  const end = MARKER_BYTES + length;
  if (length === 0 || end > mostStoredBytes(grainBytes))
    throw corrupt(`the grain at ${start} is ${length} bytes long`);
  const whole = end <= first.byteLength ? first : await readUpTo(handle, position, end);
  if (whole.byteLength < end) throw cutShort(start);
  return whole.subarray(MARKER_BYTES, end);
}

function cutShort(start: number) {
  return corrupt(`the file was cut short inside the grain at ${start}`);
}

async function readUpTo(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const into = new Uint8Array(length);
  return into.subarray(0, await handle.read(into, position));
}
