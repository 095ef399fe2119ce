import type { TargetCapabilities } from '@sendense/core';

/** What the memory target offers. */
export const memoryTargetCapabilities: TargetCapabilities = {
  order: 'random',
  resume: 'range',
  sizeMultipleBytes: 4096,
  minDiskBytes: 4096,
  maxDiskBytes: Number.MAX_SAFE_INTEGER,
  parallelDisks: 4,
  firmware: ['bios', 'uefi'],
  into: ['new-machine', 'disks-only'],
  replica: { history: 3, readable: true, fork: true, adopt: true, reverseState: true },
  cost: false,
  proof: {
    order: 'real',
    resume: 'real',
    sizeMultipleBytes: 'real',
    minDiskBytes: 'real',
    maxDiskBytes: 'real',
    parallelDisks: 'real',
    firmware: 'real',
    into: 'real',
    replica: 'real',
    cost: 'real',
  },
};
