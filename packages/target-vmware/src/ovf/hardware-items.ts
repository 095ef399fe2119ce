import { element, type XmlElement } from '@sendense/plugin-kit/xml';
import type { CardDesign, DiskSeat, MachineDesign } from '../design/machine-design.ts';

/** `ResourceType` of CIM_ResourceAllocationSettingData, which DSP0243 takes its items from. */
const TYPE = { cpu: 3, memory: 4, ide: 5, scsi: 6, card: 10, disk: 17, otherStorage: 20 } as const;

/** How vSphere names controllers where CIM has one type for several. */
const CONTROLLERS: Readonly<
  Record<DiskSeat['controller'], { label: string; type: number; subType?: string }>
> = {
  pvscsi: { label: 'SCSI controller', type: TYPE.scsi, subType: 'VirtualSCSI' },
  'lsilogic-sas': { label: 'SCSI controller', type: TYPE.scsi, subType: 'lsilogicsas' },
  lsilogic: { label: 'SCSI controller', type: TYPE.scsi, subType: 'lsilogic' },
  sata: { label: 'SATA controller', type: TYPE.otherStorage, subType: 'vmware.sata.ahci' },
  nvme: { label: 'NVMe controller', type: TYPE.otherStorage, subType: 'vmware.nvme.controller' },
  ide: { label: 'IDE controller', type: TYPE.ide },
};

const CARDS: Readonly<Record<CardDesign['type'], string>> = {
  vmxnet3: 'VmxNet3',
  vmxnet2: 'VmxNet2',
  e1000: 'E1000',
  e1000e: 'E1000e',
  pcnet32: 'PCNet32',
};

/** Where vSphere puts the first network card on its bus. */
const FIRST_CARD = 7;

/** A setting that only VMware knows. */
export function vmwareConfig(key: string, value: string | boolean): XmlElement {
  return element('vmw:Config', { 'ovf:required': 'false', 'vmw:key': key, 'vmw:value': String(value) });
}

type Fields = { readonly [name: string]: string | number | undefined };

/** An `Item`: its fields in the order of the schema, which is that of the alphabet; those without a value are left out. */
function item(fields: Fields, own: readonly XmlElement[] = []): XmlElement {
  const children = Object.entries(fields)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === undefined ? undefined : element(`rasd:${name}`, {}, String(value))));
  return element('Item', {}, [...children, ...own]);
}

function processors({ cpus, coresPerSocket }: MachineDesign): XmlElement {
  const fields = {
    AllocationUnits: 'hertz * 10^6',
    Description: 'Number of Virtual CPUs',
    ElementName: `${cpus} virtual CPU(s)`,
    InstanceID: 1,
    ResourceType: TYPE.cpu,
    VirtualQuantity: cpus,
  };
  return item(fields, [element('vmw:CoresPerSocket', { 'ovf:required': 'false' }, String(coresPerSocket))]);
}

function memory({ memoryMib }: MachineDesign): XmlElement {
  return item({
    AllocationUnits: 'byte * 2^20',
    Description: 'Memory Size',
    ElementName: `${memoryMib}MB of memory`,
    InstanceID: 2,
    ResourceType: TYPE.memory,
    VirtualQuantity: memoryMib,
  });
}

function card({ type, macAddress, connected, network }: CardDesign, index: number, id: number): XmlElement {
  return item({
    Address: macAddress ?? undefined,
    AddressOnParent: FIRST_CARD + index,
    AutomaticAllocation: String(connected),
    Connection: network.name,
    Description: `${CARDS[type]} ethernet adapter on "${network.name}"`,
    ElementName: `Network adapter ${index + 1}`,
    InstanceID: id,
    ResourceSubType: CARDS[type],
    ResourceType: TYPE.card,
  });
}

/** A disk of the package and its place. */
export type DiskItem = { readonly diskId: string; readonly seat: DiskSeat };

/** The items of the machine: processors, memory, controllers, disks, network cards. */
export function hardwareItems(machine: MachineDesign, disks: readonly DiskItem[]): readonly XmlElement[] {
  const items = [processors(machine), memory(machine)];
  const parents = new Map<string, number>();
  for (const { controller, bus } of disks.map(({ seat }) => seat)) {
    if (parents.has(`${controller}${bus}`)) continue;
    const id = items.length + 1;
    parents.set(`${controller}${bus}`, id);
    const { label, type, subType } = CONTROLLERS[controller];
    items.push(
      item({
        Address: bus,
        Description: label,
        ElementName: `${label} ${bus}`,
        InstanceID: id,
        ResourceSubType: subType,
        ResourceType: type,
      }),
    );
  }
  for (const [index, { diskId, seat }] of disks.entries()) {
    items.push(
      item({
        AddressOnParent: seat.unit,
        ElementName: `Hard disk ${index + 1}`,
        HostResource: `ovf:/disk/${diskId}`,
        InstanceID: items.length + 1,
        Parent: parents.get(`${seat.controller}${seat.bus}`),
        ResourceType: TYPE.disk,
      }),
    );
  }
  for (const [index, design] of machine.cards.entries()) items.push(card(design, index, items.length + 1));
  return items;
}
