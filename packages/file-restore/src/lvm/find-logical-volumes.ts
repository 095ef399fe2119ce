import { type Finding, SendenseError } from '@sendense/core';
import { damaged } from '../bytes/damage.ts';
import { type MappedRun, MappedSource } from '../bytes/mapped-source.ts';
import { type Column, StripedSource } from '../bytes/striped-source.ts';
import type { FoundVolumes, Volume } from '../volumes/volume.ts';
import type { PhysicalVolume } from './physical-volume.ts';
import {
  isLvmName,
  type LogicalVolume,
  parseVolumeGroup,
  type Segment,
  type VolumeGroup,
} from './volume-group.ts';

/** LVM makes no volume with more stripes. */
const MOST_STRIPES = 128;
/** Of the id of a group, where its name does not tell it. */
const MARK_LETTERS = 6;

/** The logical volumes of all groups that the physical volumes belong to, by the newest metadata of each group. */
export function findLogicalVolumes(physical: readonly PhysicalVolume[]): FoundVolumes {
  const volumes: Volume[] = [];
  const findings: Finding[] = [];
  const groups = newestGroups(physical, findings);
  for (const group of groups) {
    const mark = markOf(group, groups);
    if (mark !== '') findings.push(renamed(group, mark));
    for (const logical of group.logical.filter(({ isVisible }) => isVisible)) {
      try {
        const volume = mapVolume(group, logical, physical);
        volumes.push({ ...volume, id: `${volume.id}${mark}` });
      } catch (error) {
        if (!SendenseError.is(error)) throw error;
        const name = `${group.name}/${logical.name}`;
        const message = `logical volume ${name} cannot be read: ${error.message}`;
        findings.push({ severity: 'warning', code: 'volume-unreadable', message, object: name });
      }
    }
  }
  return { volumes, findings };
}

function newestGroups(physical: readonly PhysicalVolume[], findings: Finding[]): VolumeGroup[] {
  const groups = new Map<string, VolumeGroup>();
  const parsed = new Set<string>();
  for (const { id, text } of physical) {
    if (text === undefined || parsed.has(text)) continue;
    parsed.add(text);
    try {
      const group = parseVolumeGroup(text);
      if ((groups.get(group.id)?.sequence ?? -1) < group.sequence) groups.set(group.id, group);
    } catch (error) {
      if (!SendenseError.is(error)) throw error;
      const message = `the metadata of physical volume ${id} cannot be read: ${error.message}`;
      findings.push({ severity: 'warning', code: 'volume-unreadable', message, object: id });
    }
  }
  if (physical.length > 0 && groups.size === 0) {
    const message = 'there are physical volumes of LVM, and none holds readable metadata';
    findings.push({ severity: 'warning', code: 'volume-unreadable', message });
  }
  return [...groups.values()];
}

/** What sets the volumes of a group apart from those of another one of its name: no name under /dev/mapper has a third part. */
function markOf({ name, id }: VolumeGroup, groups: readonly VolumeGroup[]): string {
  const isAlone = groups.filter((group) => group.name === name).length === 1;
  return isAlone ? '' : `-${id.replaceAll(/[^A-Za-z0-9]/gu, '').slice(0, MARK_LETTERS)}`;
}

function renamed({ name }: VolumeGroup, mark: string): Finding {
  const message = `several volume groups are named ${name}: the names of the volumes of one end with ${mark}`;
  return { severity: 'info', code: 'lvm-group-renamed', message, object: name };
}

/** The name under /dev/mapper: dashes inside of the names are doubled. */
function mapperName(group: string, logical: string): string {
  return [group, logical].map((name) => name.replaceAll('-', '--')).join('-');
}

function mapVolume(group: VolumeGroup, logical: LogicalVolume, physical: readonly PhysicalVolume[]): Volume {
  if (!isLvmName(logical.name)) throw damaged('LVM has no volumes of such a name');
  const runs: MappedRun[] = [];
  for (const segment of logical.segments.toSorted((a, b) => a.startExtent - b.startExtent)) {
    const last = runs.at(-1);
    if (segment.startExtent * group.extentBytes !== (last === undefined ? 0 : last.start + last.length))
      throw damaged('its segments leave a gap or overlap');
    runs.push(mapSegment(group, segment, physical));
  }
  const source = new MappedSource(runs);
  const label = `${group.name}/${logical.name}`;
  return {
    id: mapperName(group.name, logical.name),
    kind: 'logical-volume',
    sizeBytes: source.sizeBytes,
    label,
    source,
  };
}

function mapSegment(group: VolumeGroup, segment: Segment, physical: readonly PhysicalVolume[]): MappedRun {
  const { startExtent, extents, type, stripes, stripeBytes } = segment;
  const { extentBytes } = group;
  if (type !== 'striped' && type !== 'linear')
    throw damaged(`segments of type ${JSON.stringify(type)} are not read yet, only linear and striped ones`);
  const start = startExtent * extentBytes;
  const length = extents * extentBytes;
  const columns = columnsOf(group, segment, physical);
  const [only] = columns;
  if (only === undefined || length === 0) throw damaged('a segment of it is empty');
  if (columns.length === 1) return { start, length, ...only };
  if (stripes.length > MOST_STRIPES || stripeBytes === 0 || length % (stripeBytes * columns.length) !== 0)
    throw damaged(`its stripes of ${stripeBytes} bytes do not fit`);
  return { start, length, source: new StripedSource(columns, stripeBytes, length), offset: 0 };
}

/** Where the stripes of a segment begin; each of its columns holds the same part of it. */
function columnsOf(
  { physical: known, extentBytes }: VolumeGroup,
  { extents, stripes }: Segment,
  physical: readonly PhysicalVolume[],
): Column[] {
  return stripes.map(({ volume, extent }) => {
    const described = known.get(volume);
    const found = physical.find(({ id }) => id === described?.id);
    if (described === undefined || found === undefined)
      throw damaged(`physical volume ${volume} is not on the disks of this point`);
    const offset = described.startBytes + extent * extentBytes;
    if (offset + (extents * extentBytes) / stripes.length > found.source.sizeBytes)
      throw damaged(`it goes beyond the end of physical volume ${volume}`);
    return { source: found.source, offset };
  });
}
