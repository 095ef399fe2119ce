import type { DiskFormat, ProofLevel, TargetCapabilities } from '@sendense/core';
import { SIZE_RULES } from '@sendense/formats';
import { formatOf } from './destination.ts';
import type { CheckedOptions } from './options.ts';

type Offered = Omit<TargetCapabilities, 'proof'>;

/** The largest disk of each format; raw and QCOW2 end with what can be counted. */
const MAX_DISK_BYTES: Readonly<Record<DiskFormat, number>> = {
  raw: 2 ** 52,
  qcow2: 2 ** 52,
  vmdk: SIZE_RULES.vmdk.maxBytes,
  vhd: SIZE_RULES.vhd.maxBytes,
  vhdx: SIZE_RULES.vhdx.maxBytes,
};

/** QEMU reads QCOW2 disks by sectors, and so do all others. */
const SECTOR_BYTES = 512;

/** A fixed VHD has whole MiB, as Azure wants it. */
const FIXED_VHD_BYTES = 2 ** 20;

function sizeMultiple(format: DiskFormat, subformat: CheckedOptions['subformat']): number {
  if (format === 'raw') return 1;
  return format === 'vhd' && subformat === 'fixed' ? FIXED_VHD_BYTES : SECTOR_BYTES;
}

/** What the target offers under `options`: a raw file takes bytes in any order and goes on where it stopped. */
export function capabilitiesOf(options: CheckedOptions): TargetCapabilities {
  const format = formatOf(options);
  const raw = format === 'raw';
  const offered: Offered = {
    order: raw ? 'random' : 'ascending',
    resume: raw ? 'range' : 'disk',
    sizeMultipleBytes: sizeMultiple(format, options.subformat),
    minDiskBytes: format === 'vmdk' ? SECTOR_BYTES : 0,
    maxDiskBytes: MAX_DISK_BYTES[format],
    parallelDisks: 16,
    firmware: ['bios', 'uefi', 'uefi-secure', 'unknown'],
    into: ['disks-only'],
    replica: false,
    cost: false,
  };
  // Each is shown in test/ with files that qemu-img reads.
  const real: ProofLevel = 'real';
  const proof: Record<keyof Offered, ProofLevel> = {
    order: real,
    resume: real,
    sizeMultipleBytes: real,
    minDiskBytes: real,
    maxDiskBytes: 'model',
    parallelDisks: real,
    firmware: real,
    into: real,
    replica: real,
    cost: real,
  };
  return { ...offered, proof };
}
