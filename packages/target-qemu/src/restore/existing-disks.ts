import type { Call, RestoreRequest } from '@sendense/core';
import { type DomainDisk, slotOf } from '@sendense/platform-kvm/domain';
import type { TargetContext } from '../context.ts';
import type { Outcomes } from '../design/outcomes.ts';
import { type HostDomain, isOff } from '../host/libvirt-host.ts';
import type { DiskPlace } from './disk-place.ts';

type Disk = RestoreRequest['disks'][number];

/** Where the disks of a stopped domain are; what forbids to replace them is a finding of severity `error`. */
export async function existingPlaces(
  context: TargetContext,
  request: RestoreRequest,
  outcomes: Outcomes,
  call?: Call,
): Promise<{ readonly found: HostDomain | undefined; readonly places: readonly DiskPlace[] }> {
  const { host, options } = context;
  const wanted = request.existing?.id ?? options.name;
  const found = await host.find(wanted, call);
  if (found === undefined) {
    outcomes.refuse('machine-missing', `libvirt has no domain ${wanted}`);
    return { found, places: [] };
  }
  if (request.base !== undefined) {
    outcomes.refuse('delta-unsupported', 'disks are replaced as a whole here: no delta can be put on them');
  }
  if (!isOff(found))
    outcomes.refuse('machine-running', `${found.domain.name} is ${found.state}: stop it first`);
  const snapshots = await host.snapshots(found.uuid, call);
  if (snapshots.length > 0) {
    const names = snapshots.slice(0, 5).join(', ');
    outcomes.refuse(
      'machine-has-snapshots',
      `${found.domain.name} has snapshots (${names}): delete them first`,
    );
  }
  const replaced = new Set<string>();
  const places = request.disks.flatMap((disk) => {
    const there = matchDisk(disk, request, found, context);
    const place = there === undefined ? undefined : placeOf(there, disk, outcomes);
    if (there === undefined || replaced.has(there.target)) {
      const message = `no disk of ${found.domain.name} is the place of disk-${disk.number}: name it in diskMap`;
      outcomes.refuse('disk-unmatched', message, disk.id);
    }
    if (there === undefined || place === undefined) return [];
    replaced.add(there.target);
    outcomes.kept(`disks[${disk.number}]`, there.target);
    outcomes.inform('disk-replaced', `disk-${disk.number} replaces ${there.target} (${place.path})`);
    return [place];
  });
  return { found, places };
}

/** By the map of the options, else the disk of the same position, else the disk of the same number. */
function matchDisk(
  { number, slot }: Disk,
  { disks }: RestoreRequest,
  { domain }: HostDomain,
  { options }: TargetContext,
): DomainDisk | undefined {
  const there = domain.disks.filter(({ device }) => device === 'disk');
  const mapped = options.diskMap[`disk-${number}`];
  if (mapped !== undefined) return there.find(({ target }) => target === mapped);
  const at = ({ bus, controller, unit }: Disk['slot']) => {
    return there.find((disk) => {
      const place = slotOf(disk);
      return place.bus === bus && place.controller === controller && place.unit === unit;
    });
  };
  if (disks.every((disk) => at(disk.slot) !== undefined)) return at(slot);
  return there[number];
}

function placeOf(there: DomainDisk, { id }: Disk, outcomes: Outcomes): DiskPlace | undefined {
  const { source, format = 'raw', target, backing } = there;
  const refuse = (code: string, why: string): undefined =>
    outcomes.refuse(code, `${target} ${why}`, id) as undefined;
  if (source?.type !== 'file' && source?.type !== 'block') {
    return refuse('disk-unreachable', `is no file or block device (${source?.type ?? 'empty'})`);
  }
  if (format !== 'raw' && format !== 'qcow2') return refuse('format-unsupported', `has the format ${format}`);
  if (backing.length > 0) {
    return refuse('disk-has-backing', 'lies over a backing image: merge it first (virsh blockpull)');
  }
  if (there.shareable) return refuse('disk-shared', 'is shared with other machines');
  if (source.type === 'block' && format !== 'raw')
    return refuse('format-unsupported', `is ${format} on a device`);
  return { path: source.path, format, isDevice: source.type === 'block' };
}
