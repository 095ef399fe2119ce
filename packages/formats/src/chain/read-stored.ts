import { SendenseError } from '@sendense/core';
import type { DataFile } from './data-file.ts';

/**
 * Fills `into` from `position` of a file that may end within the last unit that is asked for (the rest reads as zeros,
 * as QEMU reads it). Rejects with `CORRUPT` when a whole unit lies beyond the end.
 */
export async function readStored(file: DataFile, into: Uint8Array, position: number): Promise<void> {
  const count = await file.handle.read(into, position);
  if (count === into.byteLength) return;
  const lastUnit = Math.floor((position + into.byteLength - 1) / file.unitBytes) * file.unitBytes;
  if (!(await beginsInside(file, lastUnit, position, count))) {
    throw new SendenseError('CORRUPT', `${file.path} ends before the data that its tables refer to`, {
      operation: 'read-image',
      remedy: 'the file was cut short or its tables are damaged: restore it from another copy',
      context: { path: file.path, offset: position, length: into.byteLength },
    });
  }
  into.fill(0, count);
}

/** Whether the file has a byte at `unit`; a read at `position` gave `count` bytes up to its end. */
async function beginsInside(file: DataFile, unit: number, position: number, count: number): Promise<boolean> {
  if (count > 0 || unit >= position) return unit < position + count;
  return (await file.handle.read(new Uint8Array(1), unit)) === 1;
}
