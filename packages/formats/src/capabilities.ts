import type { DiskFormat, ProofLevel } from '@sendense/core';

/** What this package does with a format, and how that was shown. An absent verb is not offered. */
export type FormatCapabilities = {
  readonly read?: ProofLevel;
  readonly write?: ProofLevel;
  readonly backingFiles?: ProofLevel;
  readonly changeTracking?: ProofLevel;
  readonly check?: ProofLevel;
};

/** By format; `real` = against QEMU's own tools, in both directions. */
export const formatCapabilities: Readonly<Partial<Record<DiskFormat, FormatCapabilities>>> = {
  raw: { read: 'real', write: 'real' },
  vmdk: { read: 'real', write: 'real', backingFiles: 'real' },
  vhd: { read: 'real', write: 'real', backingFiles: 'model' },
  vhdx: { read: 'real', write: 'real', backingFiles: 'model' },
  qcow2: { read: 'real', write: 'real', backingFiles: 'real', changeTracking: 'real', check: 'real' },
};
