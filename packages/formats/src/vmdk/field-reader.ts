import { safeNumber } from '@sendense/core';
import { MAX_SECTORS } from './constants.ts';
import { invalid } from './format-error.ts';

/** A view of foreign bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The u64 at `at` as a number of sectors whose bytes are a safe integer. Throws `FORMAT_INVALID`. */
export function sectorsAt(view: DataView, at: number, what: string): number {
  const sectors = safeNumber(view.getBigUint64(at, true), what);
  if (sectors >= MAX_SECTORS) throw invalid(`${what} is ${sectors} sectors`);
  return sectors;
}

/** Whether `value` is a power of two. */
export function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}

/** The lowest bit that is set in `flags` and not in `known`. */
export function unknownBit(flags: number, known: number): number | undefined {
  const unknown = (flags & ~known) >>> 0;
  return unknown === 0 ? undefined : 31 - Math.clz32(unknown & -unknown);
}
