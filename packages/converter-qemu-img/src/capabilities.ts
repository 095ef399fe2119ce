import type { DiskFormat, FormatPair } from '@sendense/core';

const FORMATS: readonly DiskFormat[] = ['raw', 'qcow2', 'vmdk', 'vhd', 'vhdx'];

/** What `qemu-img` writes, the default of each format first. */
export const SUBFORMATS: Readonly<Record<DiskFormat, readonly string[]>> = {
  raw: [],
  qcow2: ['plain', 'compressed'],
  vmdk: [
    'monolithicSparse',
    'monolithicFlat',
    'twoGbMaxExtentSparse',
    'twoGbMaxExtentFlat',
    'streamOptimized',
  ],
  vhd: ['dynamic', 'fixed'],
  vhdx: ['dynamic', 'fixed'],
};

const TARGETS = FORMATS.flatMap((to): readonly Omit<FormatPair, 'from'>[] =>
  SUBFORMATS[to].length === 0 ? [{ to }] : SUBFORMATS[to].map((subformat) => ({ to, subformat })),
);

/** From every format to every one. */
export const PAIRS: readonly FormatPair[] = FORMATS.flatMap((from) =>
  TARGETS.map((target) => ({ from, ...target })),
);

/** What QEMU calls a format. */
export function qemuName(format: DiskFormat): string {
  return format === 'vhd' ? 'vpc' : format;
}

/** The arguments that make a subformat. A VHD without `force_size` gets the size of its geometry, which may be another. */
export function targetArguments(format: DiskFormat, subformat: string | undefined): readonly string[] {
  if (format === 'raw') return [];
  if (format === 'qcow2') return subformat === 'compressed' ? ['-c'] : [];
  return ['-o', format === 'vhd' ? `subformat=${subformat},force_size=on` : `subformat=${subformat}`];
}
