import { notSupported } from '../bytes/damage.ts';

/** Features without which a file system is not understood, by their bits, named as in `/sys/fs/btrfs/features`. */
const KNOWN: readonly (string | undefined)[] = [
  'mixed_backref',
  'default_subvol',
  'mixed_groups',
  'compress_lzo',
  'compress_zstd',
  'big_metadata',
  'extended_iref',
  'raid56',
  'skinny_metadata',
  'no_holes',
  'metadata_uuid',
  'raid1c34',
  undefined,
  undefined,
  undefined,
  undefined,
  'simple_quota',
];

/** What other bits stand for, as far as it is known. */
const REFUSED: ReadonlyMap<number, string> = new Map([
  [12, 'zoned'],
  [13, 'extent_tree_v2'],
  [14, 'raid_stripe_tree'],
  [17, 'remap_tree'],
]);

/** The file system has a UUID of its own for its structures. */
export const HAS_METADATA_UUID = 1n << 10n;

/** Throws `FORMAT_UNSUPPORTED` for features that are not read, by their names. */
export function checkFeatures(flags: bigint): void {
  const unknown = Array.from({ length: 64 }, (_, bit) => bit).filter(
    (bit) => (flags & (1n << BigInt(bit))) !== 0n && KNOWN[bit] === undefined,
  );
  if (unknown.length === 0) return;
  const names = unknown.map((bit) => REFUSED.get(bit) ?? `bit ${bit}`).join(', ');
  throw notSupported(`the btrfs file system has features that are not read: ${names}`);
}
