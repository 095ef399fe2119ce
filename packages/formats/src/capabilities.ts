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
  vmdk: { read: 'real', write: 'real', backingFiles: 'real', check: 'model' },
  vhd: { read: 'real', write: 'real', backingFiles: 'model', check: 'model' },
  vhdx: { read: 'real', write: 'real', backingFiles: 'model', check: 'model' },
  qcow2: { read: 'real', write: 'real', backingFiles: 'real', changeTracking: 'real', check: 'real' },
};

/** How one capability of a format was shown. */
export type FormatProof = {
  readonly format: DiskFormat;
  readonly capability: keyof FormatCapabilities;
  /** The part of the capability that this is about. */
  readonly what: string;
  readonly level: ProofLevel;
  /** The program that judged, or what stands for one. */
  readonly by: string;
};

const QEMU = 'qemu-img compare, map and info; qemu-io';
/** It maps no VHDX. */
const QEMU_UNMAPPED = 'qemu-img compare and info; qemu-io';
const FIXTURES = 'files made from the specification by another author';

/** What each level of {@link formatCapabilities} rests on, part by part; shown in the support matrix. */
export const formatProofs: readonly FormatProof[] = [
  proof('raw', 'read', 'files, block devices', 'real', `${QEMU}; loop devices`),
  proof('raw', 'write', 'sparse files, block devices', 'real', `${QEMU}; loop devices`),
  proof('qcow2', 'read', 'versions 2 and 3, compressed, extended L2, data file', 'real', QEMU),
  proof('qcow2', 'write', 'plain, compressed', 'real', `${QEMU}; qemu-img check`),
  proof('qcow2', 'backingFiles', 'chains of qcow2 and raw', 'real', QEMU),
  proof('qcow2', 'changeTracking', 'persistent bitmaps', 'real', 'qemu-img bitmap, qemu-nbd -B'),
  proof('qcow2', 'check', 'overlaps, leaks, refcounts', 'real', 'qemu-img check'),
  proof('vmdk', 'read', 'sparse, flat, split, streamOptimized with tables first', 'real', QEMU),
  proof(
    'vmdk',
    'read',
    'streamOptimized with tables at the end',
    'real',
    'written by ours, read by qemu-img; vmdkmount',
  ),
  proof('vmdk', 'read', 'COWD, SESparse', 'model', `${FIXTURES}, which qemu-img reads the same`),
  proof(
    'vmdk',
    'write',
    'monolithicSparse, monolithicFlat, streamOptimized',
    'real',
    `${QEMU}; qemu-img check`,
  ),
  proof('vmdk', 'backingFiles', 'chains of hosted sparse files', 'real', QEMU),
  proof(
    'vmdk',
    'check',
    'files without damage',
    'real',
    'files that QEMU wrote; qemu-img check for grains outside the file',
  ),
  proof('vmdk', 'check', 'overlaps, leaks', 'model', 'files damaged by the tests'),
  proof('vhd', 'read', 'fixed, dynamic', 'real', `${QEMU}; vhdimount`),
  proof('vhd', 'write', 'dynamic, fixed as Azure takes it', 'real', QEMU),
  proof('vhd', 'backingFiles', 'differencing', 'model', `${FIXTURES}, which vhdimount reads the same`),
  proof('vhd', 'check', 'overlaps, leaks', 'model', 'files damaged by the tests; files that QEMU wrote'),
  proof('vhdx', 'read', 'dynamic, fixed, a log that QEMU left', 'real', QEMU_UNMAPPED),
  proof('vhdx', 'read', 'sectors of 4096 bytes', 'model', `${FIXTURES}, which vhdimount reads the same`),
  proof('vhdx', 'read', 'any other dirty log', 'model', FIXTURES),
  proof('vhdx', 'write', 'dynamic, fixed', 'real', `${QEMU_UNMAPPED}; qemu-img check`),
  proof('vhdx', 'write', 'sectors of 4096 bytes', 'real', 'vhdimount; QEMU opens none'),
  proof('vhdx', 'backingFiles', 'differencing', 'model', `${FIXTURES}, which vhdimount reads the same`),
  proof('vhdx', 'check', 'overlaps, leaks', 'model', 'files damaged by the tests; files that QEMU wrote'),
];

function proof(
  format: DiskFormat,
  capability: keyof FormatCapabilities,
  what: string,
  level: ProofLevel,
  by: string,
): FormatProof {
  return { format, capability, what, level, by };
}
