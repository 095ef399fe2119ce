import { type DiskFormat, SendenseError } from '@sendense/core';

/** The subformats of new images, by format and under the names of `qemu-img`; the first is the default. */
export const SUBFORMATS = {
  raw: [],
  qcow2: ['plain', 'compressed'],
  vmdk: ['monolithicSparse', 'monolithicFlat', 'streamOptimized'],
  vhd: ['dynamic', 'fixed'],
  vhdx: ['dynamic', 'fixed'],
} as const satisfies Record<DiskFormat, readonly string[]>;

/** A subformat of a new image of format `F`. */
export type Subformat<F extends DiskFormat> = (typeof SUBFORMATS)[F][number];

/**
 * The subformat that a new image gets: the one asked for, or the format's default (`undefined` for raw, which has none).
 * Throws `CONFIG_INVALID` for one that is not written.
 */
export function subformatOf<F extends DiskFormat>(
  format: F,
  asked: string | undefined,
): Subformat<F> | undefined {
  const known: readonly Subformat<F>[] = SUBFORMATS[format];
  if (asked === undefined) return known[0];
  const found = known.find((name) => name === asked);
  if (found !== undefined) return found;
  throw new SendenseError(
    'CONFIG_INVALID',
    `new ${format} images have no subformat ${JSON.stringify(asked)}`,
    {
      operation: 'create-image',
      remedy:
        known.length === 0 ? `leave the subformat out: ${format} has none` : `use one of ${known.join(', ')}`,
    },
  );
}
