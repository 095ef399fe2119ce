import type { ProofLevel, TargetCapabilities } from '@sendense/core';
import type { CheckedOptions } from './options.ts';

type Offered = Omit<TargetCapabilities, 'proof'>;

/** What the target offers under `options`; its new disks are the files of target-image. */
export function capabilitiesOf({ format }: CheckedOptions): TargetCapabilities {
  const raw = format === 'raw';
  const offered: Offered = {
    order: raw ? 'random' : 'ascending',
    resume: raw ? 'range' : 'disk',
    // QEMU itself takes disks by sectors.
    sizeMultipleBytes: 512,
    minDiskBytes: 512,
    maxDiskBytes: 2 ** 52,
    parallelDisks: 16,
    firmware: ['bios', 'uefi', 'uefi-secure', 'unknown'],
    into: ['new-machine', 'disks-only', 'existing-disks'],
    replica: false,
    cost: false,
  };
  // Each `real` one is shown in test/ with a libvirt whose QEMU emulates the processor.
  const real: ProofLevel = 'real';
  const proof: Record<keyof Offered, ProofLevel> = {
    order: real,
    resume: real,
    sizeMultipleBytes: real,
    minDiskBytes: real,
    maxDiskBytes: 'model',
    parallelDisks: real,
    firmware: 'model',
    into: real,
    replica: real,
    cost: real,
  };
  return { ...offered, proof };
}
