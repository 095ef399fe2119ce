import { randomUUID } from 'node:crypto';
import { EPOCH_SECONDS, FOOTER_BYTES, SECTOR_BYTES } from './constants.ts';
import { geometryOf } from './disk-geometry.ts';
import type { VhdFooter, VhdType } from './footer.ts';

/**
 * The footer of a new disk of `sizeBytes`. `originalBytes` keeps the size that was asked for, where it was rounded up. QEMU
 * takes the size field, and not the geometry, of creators that it knows to mean it: `win ` is Hyper-V's.
 */
export function newFooter(type: VhdType, sizeBytes: number, askedBytes: number): VhdFooter {
  return {
    type,
    headerOffset: FOOTER_BYTES,
    timestamp: Math.max(0, Math.floor(Date.now() / 1000) - EPOCH_SECONDS),
    creator: 'win ',
    creatorVersion: 0x000a_0000,
    creatorHost: 'Wi2k',
    originalBytes: Math.ceil(askedBytes / SECTOR_BYTES) * SECTOR_BYTES,
    currentBytes: sizeBytes,
    geometry: geometryOf(sizeBytes / SECTOR_BYTES),
    uniqueId: randomUUID().replaceAll('-', ''),
    savedState: false,
  };
}
