import { type DiskId, diskId, type Firmware, type MachineSpec } from '@sendense/core';
import { formatTag, type VimTag } from '../tagging/index.ts';
import type { VimDisk, VimNic } from './parse-devices.ts';
import type { VimMachine } from './parse-machine.ts';
import type { Names } from './read-names.ts';

/** The platform of machines of vCenter and ESXi. */
export const VMWARE_PLATFORM = 'vmware';

const FAMILIES: readonly (readonly [RegExp, NonNullable<MachineSpec['guest']>['family']])[] = [
  [/^win/i, 'windows'],
  [
    /linux|ubuntu|debian|rhel|centos|sles|suse|fedora|oracle|asianux|photon|coreos|amazon|rocky|alma|redhat|mandr/i,
    'linux',
  ],
  [/^freebsd|^netbsd|^openbsd/i, 'bsd'],
  [/^other$|^other(?:Guest)(?:64)?$/i, 'unknown'],
];

/** Guests of ARM hosts begin so: `armUbuntu64Guest`, `arm-other-64`. */
const ARM = /^arm/i;

/**
 * The identity of a disk of `disks`, all of one machine: the UUID of its backing, which snapshots keep and clones do not. A
 * backing without one, or with one that another disk has too (its file was copied), is known by its key in the machine.
 */
export function diskIdOf({ uuid, key }: VimDisk, disks: readonly VimDisk[]): DiskId {
  const isOwn = uuid !== undefined && disks.filter((disk) => disk.uuid === uuid).length === 1;
  return diskId(isOwn ? uuid : `key-${key}`);
}

/**
 * The neutral model of a machine. `names` knows its folder, pool, host, datastores and networks. Each of `tags` is a key with
 * an empty value, for a machine may have several of a category.
 */
export function machineSpecOf(machine: VimMachine, names: Names, tags: readonly VimTag[] = []): MachineSpec {
  const { memoryMib, guestId, guestName } = machine;
  const cpu = cpuOf(machine);
  return {
    schema: 1,
    name: machine.name,
    platform: VMWARE_PLATFORM,
    firmware: firmwareOf(machine),
    architecture: guestId === undefined ? 'unknown' : ARM.test(guestId) ? 'aarch64' : 'x86_64',
    ...(cpu === undefined ? {} : { cpu }),
    ...(memoryMib === undefined || memoryMib <= 0 ? {} : { memoryBytes: memoryMib * 1024 * 1024 }),
    guest: { family: familyOf(guestId), ...(guestName === undefined ? {} : { name: guestName }) },
    disks: machine.disks.map((disk) => neutralDisk(disk, machine.disks)),
    nics: machine.nics.slice(0, 256).map((nic) => neutralNic(nic, names)),
    tpm: machine.tpm,
    placement: placementOf(machine, names),
    ...tagsOf(tags),
  };
}

function tagsOf(tags: readonly VimTag[]): Pick<MachineSpec, 'tags'> {
  return tags.length === 0 ? {} : { tags: Object.fromEntries(tags.map((tag) => [formatTag(tag), ''])) };
}

function firmwareOf({ firmware, secureBoot }: VimMachine): Firmware {
  if (firmware === undefined) return 'unknown';
  if (firmware === 'bios') return 'bios';
  return secureBoot ? 'uefi-secure' : 'uefi';
}

function cpuOf({ cpus, coresPerSocket }: VimMachine): MachineSpec['cpu'] {
  if (cpus === undefined || cpus <= 0) return undefined;
  // 0: vSphere 8 chooses the cores itself
  const cores = coresPerSocket === undefined || coresPerSocket <= 0 ? 1 : coresPerSocket;
  return { sockets: Math.max(Math.ceil(cpus / cores), 1), coresPerSocket: cores, threadsPerCore: 1 };
}

function familyOf(guestId: string | undefined): NonNullable<MachineSpec['guest']>['family'] {
  if (guestId === undefined) return 'unknown';
  return FAMILIES.find(([pattern]) => pattern.test(guestId))?.[1] ?? 'other';
}

function neutralDisk(disk: VimDisk, disks: readonly VimDisk[]): MachineSpec['disks'][number] {
  const { label, slot, sizeBytes } = disk;
  return { id: diskIdOf(disk, disks), label, slot, sizeBytes, sectorBytes: 512 };
}

function neutralNic({ label, macAddress, type, network, networkName, connected }: VimNic, names: Names) {
  const shown = names.name(network) ?? networkName;
  return {
    label,
    ...(macAddress === undefined ? {} : { macAddress }),
    model: type.replace(/^Virtual/, '').toLowerCase(),
    ...(shown === undefined ? {} : { network: shown }),
    connected,
  };
}

function placementOf(machine: VimMachine, names: Names): Record<string, string> {
  const places = {
    folder: names.path(machine.folder),
    pool: names.path(machine.pool),
    host: names.name(machine.host),
    datastore: names.name(machine.disks[0]?.datastore),
  };
  return Object.fromEntries(
    Object.entries(places).flatMap(([key, place]) => (place === undefined ? [] : [[key, place]])),
  );
}
