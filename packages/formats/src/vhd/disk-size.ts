import type { Finding } from '@sendense/core';
import { SECTOR_BYTES } from './constants.ts';
import { geometrySectors, MAX_GEOMETRY } from './disk-geometry.ts';
import type { VhdFooter } from './footer.ts';
import { corrupt } from './format-error.ts';

/** Programs whose disks are as large as the geometry says, not as the size field: Virtual PC, Virtual Server, old QEMU. */
const BY_GEOMETRY: ReadonlySet<string> = new Set(['vpc ', 'vs  ', 'qemu']);

/** The size of a disk, and what to say of it. */
export type DiskSize = { readonly sizeBytes: number; readonly warnings: readonly Finding[] };

/**
 * The size of a disk that its file has room of `roomBytes` for. It is the size field; where the program that wrote it goes by
 * the geometry (as QEMU knows them) and the two differ, the larger one, so that nothing is lost. Throws `CORRUPT` when the
 * file cannot hold that.
 */
export function diskSize(footer: VhdFooter, roomBytes: number): DiskSize {
  const { currentBytes, geometry, creator } = footer;
  if (currentBytes > roomBytes)
    throw corrupt(`the disk has ${currentBytes} bytes, and the file has room for ${roomBytes}`);
  const sectors = geometrySectors(geometry);
  const shownBytes = sectors * SECTOR_BYTES;
  const isLimit = sectors >= geometrySectors(MAX_GEOMETRY);
  if (!BY_GEOMETRY.has(creator) || isLimit || shownBytes === currentBytes)
    return { sizeBytes: currentBytes, warnings: [] };
  const sizeBytes = shownBytes <= roomBytes ? Math.max(currentBytes, shownBytes) : currentBytes;
  const message = `the program that wrote it shows ${shownBytes} bytes by its geometry, and its size field says ${currentBytes}: ${sizeBytes} are read`;
  return { sizeBytes, warnings: [{ severity: 'warning', code: 'size-by-geometry', message }] };
}
