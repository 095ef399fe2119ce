import type { ProofLevel, TargetCapabilities } from '@sendense/core';
import { formatOf } from './destination.ts';
import type { CheckedOptions } from './options.ts';

type Offered = Omit<TargetCapabilities, 'proof'>;

/** QEMU reads QCOW2 disks by sectors. */
const SECTOR_BYTES = 512;

/** What the target offers under `options`: a raw file takes bytes in any order and goes on where it stopped. */
export function capabilitiesOf(options: CheckedOptions): TargetCapabilities {
  const raw = formatOf(options) === 'raw';
  const offered: Offered = {
    order: raw ? 'random' : 'ascending',
    resume: raw ? 'range' : 'disk',
    sizeMultipleBytes: raw ? 1 : SECTOR_BYTES,
    minDiskBytes: 0,
    maxDiskBytes: 2 ** 52,
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
