import { seededInteger } from '@sendense/testkit';
import type { GuestWrite } from './qemu.ts';

const SECTOR_BYTES = 512;

/** Up to nine writes anywhere on the disk, aligned to sectors, some of them zeros, a few of them long. */
export function randomWrites(random: () => number, diskBytes: number): GuestWrite[] {
  return Array.from({ length: 1 + seededInteger(random, 9) }, () => {
    const longest = random() < 0.2 ? 512 : 40;
    const offset = seededInteger(random, diskBytes / SECTOR_BYTES) * SECTOR_BYTES;
    const length = Math.min((1 + seededInteger(random, longest)) * SECTOR_BYTES, diskBytes - offset);
    return { offset, length, value: random() < 0.2 ? 0 : 1 + seededInteger(random, 255) };
  });
}
