import { damaged } from '../bytes/damage.ts';
import { type ConfigSection, type ConfigValue, parseConfig } from './parse-config.ts';

const SECTOR_BYTES = 512;
/** Logical volumes and segments that one group may have here; LVM grows unusable long before. */
const MOST_SEGMENTS = 100_000;

/** A run of a logical volume, over one physical volume or striped over several. */
export type Segment = {
  readonly startExtent: number;
  readonly extents: number;
  /** LVM's word: `striped` (also for one stripe), `raid1`, `thin` … */
  readonly type: string;
  readonly stripeBytes: number;
  /** Physical volume by its name in the group, and the extent that the stripe begins at. */
  readonly stripes: readonly { readonly volume: string; readonly extent: number }[];
};

/** A logical volume as the metadata tells it. */
export type LogicalVolume = {
  readonly name: string;
  /** False for parts of other volumes (images of a mirror, pools). */
  readonly isVisible: boolean;
  readonly segments: readonly Segment[];
};

/** A volume group as the metadata tells it. */
export type VolumeGroup = {
  readonly name: string;
  readonly id: string;
  /** Higher is newer. */
  readonly sequence: number;
  readonly extentBytes: number;
  readonly physical: ReadonlyMap<string, { readonly id: string; readonly startBytes: number }>;
  readonly logical: readonly LogicalVolume[];
};

/**
 * Whether LVM gives such a name to a group or volume: letters, digits and `+_.-`, not beginning with a dash, at most 127, and
 * neither `.` nor `..` (lvm(8), "VALID NAMES").
 */
export function isLvmName(name: string): boolean {
  return /^[a-zA-Z0-9+_.][a-zA-Z0-9+_.-]{0,126}$/u.test(name) && name !== '.' && name !== '..';
}

/** Reads the text of a volume group. Throws `CORRUPT` where something is missing or is no number. */
export function parseVolumeGroup(text: string): VolumeGroup {
  const found = [...parseConfig(text)].find(([, value]) => value instanceof Map);
  if (found === undefined) throw damaged('LVM metadata names no volume group');
  if (!isLvmName(found[0])) throw damaged('LVM has no volume groups of such a name');
  const group = found[1] as ConfigSection;
  const extentBytes = count(group, 'extent_size') * SECTOR_BYTES;
  if (extentBytes === 0) throw damaged('a volume group has extents of no size');
  const physical = [...section(group, 'physical_volumes')].map(([name, value]) => {
    const volume = asSection(value);
    const startBytes = count(volume, 'pe_start') * SECTOR_BYTES;
    return [name, { id: word(volume, 'id').replaceAll('-', ''), startBytes }] as const;
  });
  const logical = group.has('logical_volumes') ? [...section(group, 'logical_volumes')] : [];
  const volumes = logical.map(([name, value]) => readLogical(name, asSection(value)));
  if (volumes.reduce((sum, { segments }) => sum + segments.length, 0) > MOST_SEGMENTS)
    throw damaged('a volume group has too many segments');
  return {
    name: found[0],
    id: word(group, 'id'),
    sequence: count(group, 'seqno'),
    extentBytes,
    physical: new Map(physical),
    logical: volumes,
  };
}

function readLogical(name: string, volume: ConfigSection): LogicalVolume {
  const status = volume.get('status');
  const segments: Segment[] = [];
  const segmentCount = count(volume, 'segment_count');
  for (let number = 1; number <= segmentCount; number += 1)
    segments.push(readSegment(section(volume, `segment${number}`)));
  return { name, isVisible: Array.isArray(status) && status.includes('VISIBLE'), segments };
}

function readSegment(segment: ConfigSection): Segment {
  const stripes: { volume: string; extent: number }[] = [];
  const list = segment.get('stripes');
  for (let at = 0; Array.isArray(list) && at + 1 < list.length; at += 2) {
    const [volume, extent] = [list[at], list[at + 1]] as [ConfigValue, ConfigValue];
    if (typeof volume !== 'string' || !isCount(extent)) throw damaged('LVM metadata names stripes wrongly');
    stripes.push({ volume, extent });
  }
  return {
    startExtent: count(segment, 'start_extent'),
    extents: count(segment, 'extent_count'),
    type: word(segment, 'type'),
    stripeBytes: segment.has('stripe_size') ? count(segment, 'stripe_size') * SECTOR_BYTES : 0,
    stripes,
  };
}

function isCount(value: ConfigValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function count(from: ConfigSection, name: string): number {
  const value = from.get(name);
  if (isCount(value)) return value;
  throw damaged(`LVM metadata has no number "${name}"`);
}

function word(from: ConfigSection, name: string): string {
  const value = from.get(name);
  if (typeof value === 'string') return value;
  throw damaged(`LVM metadata has no word "${name}"`);
}

function section(from: ConfigSection, name: string): ConfigSection {
  return asSection(from.get(name));
}

function asSection(value: ConfigValue | undefined): ConfigSection {
  if (value instanceof Map) return value;
  throw damaged('LVM metadata has a value where a section belongs');
}
