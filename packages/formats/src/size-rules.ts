import { SendenseError } from '@sendense/core';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;
const TiB = 1024 * GiB;

/** Which sizes of a disk a format or a place takes, in bytes. */
export type SizeRule = {
  readonly name: string;
  readonly multipleBytes: number;
  readonly minBytes: number;
  readonly maxBytes: number;
};

/**
 * Every rule on the size of a disk, with its source. Sizes are only ever rounded up, and who rounds says so.
 *
 * - `raw`: half of what numbers count exactly, so that sums of places do, too.
 * - `qcow2`: QEMU counts sectors of 512 bytes; 64 KiB clusters carry an L1 table of 32 MiB at most.
 * - `vmdk`: extents count sectors of 512 bytes; vSphere's limit of a disk is 62 TiB (configuration maximums), a sparse extent
 *   of format version 1 counts further.
 * - `vhd`: *Current Size* of the footer counts; sectors are counted in 32 bits by the allocation table, and Hyper-V stops at
 *   2040 GiB. The geometry (cylinders, heads, sectors) only describes the disk and is never a reason to change its size.
 * - `fixed-vhd`: whole MiB for every reader, so that Azure takes it, too.
 * - `vhdx`: MS-VHDX 2.6.2.1: a multiple of the logical sector, 64 TiB at most. (The *file* is a multiple of 1 MiB.)
 * - `azure`: disks to upload are fixed VHD whose size is a whole number of MiB, 20 MiB to 32 TiB.
 * - `aws`: EBS volumes are whole GiB, from 1 GiB to 64 TiB.
 */
export const SIZE_RULES = {
  raw: { name: 'raw', multipleBytes: 1, minBytes: 0, maxBytes: 2 ** 52 },
  qcow2: { name: 'qcow2', multipleBytes: 512, minBytes: 0, maxBytes: 256 * TiB },
  vmdk: { name: 'vmdk', multipleBytes: 512, minBytes: 0, maxBytes: 62 * TiB },
  vhd: { name: 'vhd', multipleBytes: 512, minBytes: 0, maxBytes: 2040 * GiB },
  'fixed-vhd': { name: 'fixed vhd', multipleBytes: MiB, minBytes: 0, maxBytes: 2040 * GiB },
  vhdx: { name: 'vhdx', multipleBytes: 512, minBytes: 0, maxBytes: 64 * TiB },
  azure: { name: 'azure', multipleBytes: MiB, minBytes: 20 * MiB, maxBytes: 32 * TiB },
  aws: { name: 'aws', multipleBytes: GiB, minBytes: GiB, maxBytes: 64 * TiB },
} as const satisfies Record<string, SizeRule>;

/**
 * The least size in bytes that is no smaller than `sizeBytes` and that every rule takes. Throws `FORMAT_UNSUPPORTED`, naming
 * the limit, for a disk too large.
 */
export function roundUpSize(sizeBytes: number, rules: readonly SizeRule[]): number {
  const multiple = rules.reduce((most, { multipleBytes }) => Math.max(most, multipleBytes), 1);
  const least = rules.reduce((most, { minBytes }) => Math.max(most, minBytes), sizeBytes);
  const rounded = Math.ceil(least / multiple) * multiple;
  for (const { name, maxBytes } of rules) {
    if (rounded <= maxBytes) continue;
    throw new SendenseError(
      'FORMAT_UNSUPPORTED',
      `a disk of ${rounded} bytes is too large for ${name}: ${maxBytes} bytes is the most`,
      {
        operation: 'create-image',
        remedy: 'choose another format: qcow2 and raw take larger disks',
        context: { sizeBytes: rounded, maxBytes, rule: name },
      },
    );
  }
  return rounded;
}
