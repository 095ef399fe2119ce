import type { ProofLevel, TargetCapabilities } from '@sendense/core';

type Offered = Omit<TargetCapabilities, 'proof'>;

/** vSphere counts disks in KiB. */
export const SIZE_MULTIPLE_BYTES = 1024;

const MIB = 1024 ** 2;

/** What vSphere 5.5 and later allow. */
const MAX_DISK_BYTES = 62 * 1024 ** 4;

/** What the target offers. */
export const capabilities: TargetCapabilities = declare();

function declare(): TargetCapabilities {
  const offered: Offered = {
    order: 'ascending',
    // a stream cannot be gone on with: what is whole stays, what is not is sent again
    resume: 'disk',
    sizeMultipleBytes: SIZE_MULTIPLE_BYTES,
    minDiskBytes: MIB,
    maxDiskBytes: MAX_DISK_BYTES,
    // hosts have few buffers for transfers
    parallelDisks: 4,
    firmware: ['bios', 'uefi', 'uefi-secure', 'unknown'],
    into: ['new-machine'],
    replica: false,
    cost: false,
  };
  // No vCenter or ESXi was at hand: the bytes of imports are our own extension of the simulator.
  const model: ProofLevel = 'model';
  const proof: Record<keyof Offered, ProofLevel> = {
    order: model,
    resume: model,
    sizeMultipleBytes: model,
    minDiskBytes: model,
    maxDiskBytes: model,
    parallelDisks: model,
    firmware: model,
    into: model,
    replica: model,
    cost: model,
  };
  return { ...offered, proof };
}
