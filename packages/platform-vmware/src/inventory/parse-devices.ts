import type { DiskSlot } from '@sendense/core';
import { childOf, textOf, type XmlElement } from '@sendense/plugin-kit/xml';
import { flagIn, integerIn, itemsOf, objectIn, xsiTypeOf } from '../soap/read-element.ts';
import type { ManagedObject } from '../soap/vim-value.ts';

/** A disk of a machine as vSphere has it. */
export type VimDisk = {
  /** `deviceKey` of the API: names the disk within its machine. */
  readonly key: number;
  /** E.g. `Hard disk 1`. */
  readonly label: string;
  readonly slot: DiskSlot;
  /** Its place as leases name it, `ParaVirtualSCSIController0:1`; `undefined` when it is on no controller. */
  readonly place?: string | undefined;
  readonly sizeBytes: number;
  /** Kind of backing without its ending, e.g. `VirtualDiskFlatVer2`. */
  readonly backing: string;
  /** `[datastore] folder/name.vmdk`; a raw device may have none. */
  readonly fileName: string | undefined;
  readonly datastore: ManagedObject | undefined;
  /** Stays the same in snapshots; a clone has another one. */
  readonly uuid: string | undefined;
  /** `persistent`, or a mode that leaves the disk out of snapshots. */
  readonly mode: string | undefined;
  readonly thin: boolean;
  /** Several machines may write to it: multi-writer, or on a controller that shares its bus. */
  readonly shared: boolean;
  /** Files of the disks that it stands on, the nearest first: with snapshots it holds only what differs from these. */
  readonly parents: readonly string[];
  /** Where change tracking stands; of a snapshot's disk: the instant of the snapshot. */
  readonly changeId: string | undefined;
};

/** A network card of a machine. */
export type VimNic = {
  readonly key: number;
  readonly label: string;
  /** Type of the card, e.g. `VirtualVmxnet3`. */
  readonly type: string;
  readonly macAddress: string | undefined;
  /** The network, or the port group of a distributed switch. */
  readonly network: ManagedObject | undefined;
  /** Name in the configuration of the card, where it has one. */
  readonly networkName: string | undefined;
  readonly connected: boolean;
};

/** The devices of a machine that a backup needs to know. */
export type VimDevices = {
  readonly disks: readonly VimDisk[];
  readonly nics: readonly VimNic[];
  readonly tpm: boolean;
};

const BUSES: Readonly<Record<string, DiskSlot['bus']>> = {
  ParaVirtualSCSIController: 'scsi',
  VirtualLsiLogicController: 'scsi',
  VirtualLsiLogicSASController: 'scsi',
  VirtualBusLogicController: 'scsi',
  VirtualSCSIController: 'scsi',
  VirtualAHCIController: 'sata',
  VirtualSATAController: 'sata',
  VirtualIDEController: 'ide',
  VirtualNVMEController: 'nvme',
};

/** vSphere has two IDE controllers of two drives each; the neutral model has one of four, as other platforms do. */
const IDE_UNITS = 2;

/** Network cards have a MAC address; their types are many. */
const isNic = (device: XmlElement): boolean => childOf(device, 'macAddress') !== undefined;

/** Reads `config.hardware`, of a machine or of a snapshot. A device that is not understood is left out. */
export function parseDevices(hardware: XmlElement | undefined): VimDevices {
  const devices = itemsOf(hardware, 'device');
  const slots = slotsOf(devices);
  const places = placesOf(devices);
  const sharedBuses = new Set(devices.filter(sharesBus).map((device) => integerIn(device, 'key')));
  return {
    disks: devices
      .filter((device) => xsiTypeOf(device) === 'VirtualDisk')
      .map((disk) => ({ ...diskOf(disk, slots, sharedBuses), place: places(disk) })),
    nics: devices.filter(isNic).map(nicOf),
    tpm: devices.some((device) => xsiTypeOf(device) === 'VirtualTPM'),
  };
}

function sharesBus(device: XmlElement): boolean {
  return (textOf(device, 'sharedBus') ?? 'noSharing') !== 'noSharing';
}

type SlotOf = (controllerKey: number | undefined, unit: number) => DiskSlot;

function slotsOf(devices: readonly XmlElement[]): SlotOf {
  const controllers = new Map<number | undefined, readonly [DiskSlot['bus'], number]>();
  for (const device of devices) {
    const bus = BUSES[xsiTypeOf(device) ?? ''];
    if (bus !== undefined)
      controllers.set(integerIn(device, 'key'), [bus, integerIn(device, 'busNumber') ?? 0]);
  }
  return (controllerKey, unit) => {
    const [bus, controller] = controllers.get(controllerKey) ?? (['unknown', 0] as const);
    if (bus === 'ide') return { bus, controller: 0, unit: controller * IDE_UNITS + unit };
    return { bus, controller, unit };
  };
}

/** Where devices are, by the types and numbers of the controllers themselves. */
function placesOf(devices: readonly XmlElement[]): (device: XmlElement) => string | undefined {
  const controllers = new Map<number | undefined, string>();
  for (const device of devices) {
    const bus = integerIn(device, 'busNumber');
    if (bus !== undefined) controllers.set(integerIn(device, 'key'), `${xsiTypeOf(device) ?? ''}${bus}`);
  }
  return (device) => {
    const controller = controllers.get(integerIn(device, 'controllerKey'));
    const unit = integerIn(device, 'unitNumber');
    return controller === undefined || unit === undefined ? undefined : `${controller}:${unit}`;
  };
}

function diskOf(device: XmlElement, slotOf: SlotOf, sharedBuses: ReadonlySet<number | undefined>): VimDisk {
  const backing = childOf(device, 'backing');
  const key = integerIn(device, 'key') ?? -1;
  const kibibytes = integerIn(device, 'capacityInKB') ?? 0;
  const controller = integerIn(device, 'controllerKey');
  return {
    key,
    label: labelOf(device, key),
    slot: slotOf(controller, Math.max(integerIn(device, 'unitNumber') ?? 0, 0)),
    sizeBytes: Math.max(integerIn(device, 'capacityInBytes') ?? kibibytes * 1024, 0),
    backing: (xsiTypeOf(backing) ?? 'unknown').replace(/BackingInfo$/, ''),
    fileName: textOf(backing, 'fileName'),
    datastore: objectIn(backing, 'datastore'),
    uuid: textOf(backing, 'uuid') ?? textOf(backing, 'lunUuid'),
    mode: textOf(backing, 'diskMode'),
    thin: flagIn(backing, 'thinProvisioned'),
    shared: textOf(backing, 'sharing') === 'sharingMultiWriter' || sharedBuses.has(controller),
    parents: parentFiles(backing),
    changeId: textOf(backing, 'changeId'),
  };
}

function parentFiles(backing: XmlElement | undefined): string[] {
  const parent = childOf(backing, 'parent');
  if (parent === undefined) return [];
  return [textOf(parent, 'fileName') ?? '', ...parentFiles(parent)];
}

function nicOf(device: XmlElement): VimNic {
  const backing = childOf(device, 'backing');
  const key = integerIn(device, 'key') ?? -1;
  const portgroup = textOf(childOf(backing, 'port'), 'portgroupKey');
  const distributed: ManagedObject | undefined =
    portgroup === undefined ? undefined : { type: 'DistributedVirtualPortgroup', id: portgroup };
  return {
    key,
    label: labelOf(device, key),
    type: xsiTypeOf(device) ?? 'VirtualEthernetCard',
    macAddress: textOf(device, 'macAddress'),
    network: objectIn(backing, 'network') ?? distributed,
    networkName: textOf(backing, 'deviceName') ?? textOf(backing, 'opaqueNetworkId'),
    connected: flagIn(childOf(device, 'connectable'), 'connected'),
  };
}

function labelOf(device: XmlElement, key: number): string {
  return textOf(childOf(device, 'deviceInfo'), 'label') ?? `device ${key}`;
}
