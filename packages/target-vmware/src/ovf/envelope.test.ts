import { childOf, childrenOf, parseXmlDocument, type XmlElement } from '@sendense/plugin-kit/xml';
import { describe, expect, it } from 'vitest';
import { serializeEnvelope } from './envelope.ts';
import type { PackageDesign } from './package-design.ts';

const LIMITS = { what: 'an OVF descriptor', maxCharacters: 1_000_000, remedy: 'none' };

function designOf(given: Partial<PackageDesign['machine']> = {}): PackageDesign {
  return {
    schema: 1,
    name: 'web & <db>',
    hardwareVersion: 13,
    machine: {
      guestId: 'debian10_64Guest',
      cpus: 4,
      coresPerSocket: 2,
      memoryMib: 3072,
      firmware: 'efi',
      secureBoot: true,
      variables: false,
      cards: [
        {
          type: 'vmxnet3',
          macAddress: '00:50:56:01:02:03',
          connected: false,
          network: { id: 'n', type: 'Network', name: 'VM "Net"', distributed: null },
        },
      ],
      ...given,
    },
    seats: [
      { controller: 'pvscsi', bus: 0, unit: 0 },
      { controller: 'pvscsi', bus: 0, unit: 1 },
      { controller: 'sata', bus: 0, unit: 2 },
      { controller: 'nvme', bus: 1, unit: 0 },
      { controller: 'ide', bus: 1, unit: 1 },
      { controller: 'lsilogic-sas', bus: 1, unit: 3 },
    ],
  };
}

function envelopeOf(design = designOf()): XmlElement {
  const disks = design.seats.map((_, index) => ({
    index,
    fileName: `web-disk${index + 1}.vmdk`,
    fileBytes: 1000 + index,
    capacityBytes: 2 ** 20 * (index + 1),
    populatedBytes: 65_536,
  }));
  return parseXmlDocument(serializeEnvelope(design, disks), LIMITS);
}

/** The items of the hardware, as records of their fields. */
function itemsOf(envelope: XmlElement): readonly Record<string, string>[] {
  const system = childOf(envelope, 'VirtualSystem');
  const hardware = system && childOf(system, 'VirtualHardwareSection');
  return (hardware ? childrenOf(hardware, 'Item') : []).map(({ children }) =>
    Object.fromEntries(children.map(({ name, text }) => [name.replace(/^rasd:/, ''), text])),
  );
}

describe('the descriptor of a package', () => {
  it('puts each disk on a controller that is described before it', () => {
    const items = itemsOf(envelopeOf());
    const known = new Map(items.map((item) => [item.InstanceID, item]));
    const disks = items.filter(({ ResourceType }) => ResourceType === '17');
    const seats = disks.map(({ Parent, AddressOnParent, HostResource }) => {
      const parent = known.get(Parent);
      return [
        HostResource,
        `${parent?.ResourceType} ${parent?.ResourceSubType ?? ''} ${parent?.Address}:${AddressOnParent}`,
      ];
    });
    expect(seats).toEqual([
      ['ovf:/disk/vmdisk1', '6 VirtualSCSI 0:0'],
      ['ovf:/disk/vmdisk2', '6 VirtualSCSI 0:1'],
      ['ovf:/disk/vmdisk3', '20 vmware.sata.ahci 0:2'],
      ['ovf:/disk/vmdisk4', '20 vmware.nvme.controller 1:0'],
      ['ovf:/disk/vmdisk5', '5  1:1'],
      ['ovf:/disk/vmdisk6', '6 lsilogicsas 1:3'],
    ]);
    expect(known.size).toBe(items.length);
  });

  it('has the fields of each item in the order of the alphabet, as its schema wants them', () => {
    for (const item of itemsOf(envelopeOf())) {
      const fields = Object.keys(item).filter((name) => !name.startsWith('vmw:'));
      expect(fields).toEqual(fields.toSorted());
    }
  });

  it('tells capacity, file and format of each disk', () => {
    const envelope = envelopeOf();
    const section = childOf(envelope, 'DiskSection');
    const [first] = section ? childrenOf(section, 'Disk') : [];
    expect(Object.fromEntries(first?.attributes ?? [])).toEqual({
      'ovf:capacity': '1048576',
      'ovf:capacityAllocationUnits': 'byte',
      'ovf:diskId': 'vmdisk1',
      'ovf:fileRef': 'file1',
      'ovf:format': 'http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized',
      'ovf:populatedSize': '65536',
    });
  });

  it('keeps names with marks of XML in them, and whether a card is connected', () => {
    const envelope = envelopeOf();
    const system = childOf(envelope, 'VirtualSystem');
    expect(system && childOf(system, 'Name')?.text).toBe('web & <db>');
    const card = itemsOf(envelope).find(({ ResourceType }) => ResourceType === '10');
    expect(card).toMatchObject({
      Address: '00:50:56:01:02:03',
      AutomaticAllocation: 'false',
      Connection: 'VM "Net"',
      ResourceSubType: 'VmxNet3',
    });
  });

  it('tells the firmware, and secure boot where there is such a thing', () => {
    const configOf = (design: PackageDesign) => {
      const system = childOf(envelopeOf(design), 'VirtualSystem');
      const hardware = system && childOf(system, 'VirtualHardwareSection');
      return (hardware ? childrenOf(hardware, 'vmw:Config') : []).map(({ attributes }) => [
        attributes.get('vmw:key'),
        attributes.get('vmw:value'),
      ]);
    };
    expect(configOf(designOf())).toEqual([
      ['firmware', 'efi'],
      ['bootOptions.efiSecureBootEnabled', 'true'],
    ]);
    expect(configOf(designOf({ firmware: 'bios', secureBoot: false }))).toEqual([['firmware', 'bios']]);
  });

  it('has no section of networks without cards', () => {
    expect(childOf(envelopeOf(designOf({ cards: [] })), 'NetworkSection')).toBeUndefined();
  });
});
