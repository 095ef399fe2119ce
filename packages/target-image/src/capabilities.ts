import type { ProofLevel, TargetCapabilities } from '@sendense/core';
import { SIZE_RULES } from '@sendense/formats';
import { formatOf } from './destination.ts';
import type { CheckedOptions } from './options.ts';

type Offered = Omit<TargetCapabilities, 'proof'>;

/** A VMDK describes at least one sector. */
const LEAST_VMDK_BYTES = 512;

/** What the target offers under `options`: a raw file takes bytes in any order and goes on where it stopped. */
export function capabilitiesOf(options: CheckedOptions): TargetCapabilities {
  const format = formatOf(options);
  const raw = format === 'raw';
  const isFixedVhd = format === 'vhd' && options.subformat === 'fixed';
  const { multipleBytes, maxBytes } = SIZE_RULES[isFixedVhd ? 'fixed-vhd' : format];
  const offered: Offered = {
    order: raw ? 'random' : 'ascending',
    resume: raw ? 'range' : 'disk',
    sizeMultipleBytes: multipleBytes,
    minDiskBytes: format === 'vmdk' ? LEAST_VMDK_BYTES : 0,
    maxDiskBytes: maxBytes,
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
