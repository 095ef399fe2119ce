import type { Call } from '@sendense/core';

/** Bytes that can be read anywhere and never change: a disk, a partition, a logical volume. */
export interface ByteSource {
  /** Size in bytes; constant. */
  readonly sizeBytes: number;
  /** Fills `into` with the bytes at `offset`. Rejects with `CORRUPT` where the range is not inside: a structure pointed there. */
  read(offset: number, into: Uint8Array, call?: Call): Promise<void>;
}

/** A volume of a point, by the id that people know. */
export type NamedSource = { readonly id: string; readonly source: ByteSource };

/** `length` bytes at `offset`, in a new array. */
export async function readBytes(
  source: ByteSource,
  offset: number,
  length: number,
  call?: Call,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await source.read(offset, bytes, call);
  return bytes;
}
