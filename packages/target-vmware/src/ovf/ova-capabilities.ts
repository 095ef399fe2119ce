import type { ProofLevel, TargetCapabilities } from '@sendense/core';
import { capabilities } from '../capabilities.ts';
import type { CheckedOvaOptions } from './options.ts';

/** What packages offer under `options`: in a folder several disks are written at once, in one file one. */
export function ovaCapabilitiesOf({ path }: CheckedOvaOptions): TargetCapabilities {
  // shown in test/ovf with files that qemu-img, tar and sha256sum read
  const real: ProofLevel = 'real';
  return {
    ...capabilities,
    // a stream cannot be gone on with: what is whole stays, what is not is written again
    resume: 'disk',
    parallelDisks: path.endsWith('/') ? capabilities.parallelDisks : 1,
    into: ['disks-only'],
    proof: {
      order: real,
      resume: real,
      sizeMultipleBytes: real,
      minDiskBytes: real,
      maxDiskBytes: 'model',
      parallelDisks: real,
      // read by govmomi
      firmware: 'simulator',
      into: real,
      replica: real,
      cost: real,
    },
  };
}
