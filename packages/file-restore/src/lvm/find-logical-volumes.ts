import { type Finding, SendenseError } from '@sendense/core';
import { damaged } from '../bytes/damage.ts';
import { type MappedRun, MappedSource } from '../bytes/mapped-source.ts';
import type { FoundVolumes, Volume } from '../volumes/volume.ts';
import type { PhysicalVolume } from './physical-volume.ts';
import { type LogicalVolume, parseVolumeGroup, type Segment, type VolumeGroup } from './volume-group.ts';

/** Runs of one volume: a striped volume of 8 TiB with stripes of 64 KiB would have a hundred million. */
const MOST_RUNS = 4_000_000;

/** The logical volumes of all groups that the physical volumes belong to, by the newest metadata of each group. */
export function findLogicalVolumes(physical: readonly PhysicalVolume[]): FoundVolumes {
  const volumes: Volume[] = [];
  const findings: Finding[] = [];
  for (const group of newestGroups(physical, findings)) {
    for (const logical of group.logical.filter(({ isVisible }) => isVisible)) {
      try {
        volumes.push(mapVolume(group, logical, physical));
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
  for (const { id, text } of physical) {
    if (text === undefined) continue;
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

/** The name under /dev/mapper: dashes inside of the names are doubled. */
function mapperName(group: string, logical: string): string {
  return [group, logical].map((name) => name.replaceAll('-', '--')).join('-');
}

function mapVolume(group: VolumeGroup, logical: LogicalVolume, physical: readonly PhysicalVolume[]): Volume {
  const runs: MappedRun[] = [];
  for (const segment of logical.segments.toSorted((a, b) => a.startExtent - b.startExtent)) {
    const last = runs.at(-1);
    if (segment.startExtent * group.extentBytes !== (last === undefined ? 0 : last.start + last.length))
      throw damaged('its segments leave a gap or overlap');
    mapSegment(group, segment, physical, runs);
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

function mapSegment(
  group: VolumeGroup,
  { startExtent, extents, type, stripes, stripeBytes }: Segment,
  physical: readonly PhysicalVolume[],
  runs: MappedRun[],
): void {
  const { extentBytes } = group;
  if ((type !== 'striped' && type !== 'linear') || stripes.length === 0)
    throw damaged(`segments of type ${JSON.stringify(type)} are not read yet, only linear and striped ones`);
  const start = startExtent * extentBytes;
  const length = extents * extentBytes;
  const columns = stripes.map(({ volume, extent }) => {
    const known = group.physical.get(volume);
    const found = physical.find(({ id }) => id === known?.id);
    if (known === undefined || found === undefined)
      throw damaged(`physical volume ${volume} is not on the disks of this point`);
    const offset = known.startBytes + extent * extentBytes;
    if (offset + length / stripes.length > found.source.sizeBytes)
      throw damaged(`it goes beyond the end of physical volume ${volume}`);
    return { source: found.source, offset };
  });
  const chunk = columns.length === 1 ? length : stripeBytes;
  if (chunk === 0 || length % (chunk * columns.length) !== 0 || length / chunk + runs.length > MOST_RUNS)
    throw damaged(`its stripes of ${chunk} bytes do not fit`);
  for (let index = 0; index * chunk < length; index += 1) {
    const column = columns[index % columns.length];
    if (column === undefined) return;
    const offset = column.offset + Math.floor(index / columns.length) * chunk;
    runs.push({ start: start + index * chunk, length: chunk, source: column.source, offset });
  }
}
