import type { DiskFormat, FormatPair } from '@sendense/core';
import { formatCapabilities } from '../capabilities.ts';
import { SUBFORMATS } from '../subformats.ts';

const FORMATS: readonly DiskFormat[] = ['raw', 'qcow2', 'vmdk', 'vhd', 'vhdx'];

/** From every format that is read to every subformat that is written, to itself too. */
export const CONVERSIONS: readonly FormatPair[] = FORMATS.filter(
  (from) => formatCapabilities[from]?.read !== undefined,
).flatMap((from) => targets().map((target) => ({ from, ...target })));

function targets(): readonly Omit<FormatPair, 'from'>[] {
  return FORMATS.filter((to) => formatCapabilities[to]?.write !== undefined).flatMap((to) => {
    const subformats: readonly string[] = SUBFORMATS[to];
    return subformats.length === 0 ? [{ to }] : subformats.map((subformat) => ({ to, subformat }));
  });
}
