import { element, serializeXml, type XmlElement } from '@sendense/plugin-kit/xml';
import { hardwareItems, vmwareConfig } from './hardware-items.ts';
import type { PackageDesign } from './package-design.ts';

/** A disk of a package, and its file. */
export type EnvelopeDisk = {
  /** Position among the disks of the machine. */
  readonly index: number;
  readonly fileName: string;
  readonly fileBytes: number;
  readonly capacityBytes: number;
  readonly populatedBytes: number;
};

const CIM = 'http://schemas.dmtf.org/wbem/wscim/1';

const NAMESPACES = {
  xmlns: 'http://schemas.dmtf.org/ovf/envelope/1',
  'xmlns:ovf': 'http://schemas.dmtf.org/ovf/envelope/1',
  'xmlns:rasd': `${CIM}/cim-schema/2/CIM_ResourceAllocationSettingData`,
  'xmlns:vmw': 'http://www.vmware.com/schema/ovf',
  'xmlns:vssd': `${CIM}/cim-schema/2/CIM_VirtualSystemSettingData`,
};

/** What ESXi takes of a disk by its name. */
const FORMAT = 'http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized';

/** CIM_OperatingSystem.OsType; vSphere goes by `vmw:osType`, which says more. */
const CIM_SYSTEM = { linux: 101, freebsd: 78, other: 1 } as const;

const text = (name: string, content: string | number): XmlElement => element(name, {}, String(content));

function references(disks: readonly EnvelopeDisk[]): XmlElement {
  return element(
    'References',
    {},
    disks.map(({ index, fileName, fileBytes }) =>
      element('File', { 'ovf:href': fileName, 'ovf:id': `file${index + 1}`, 'ovf:size': fileBytes }),
    ),
  );
}

function diskSection(disks: readonly EnvelopeDisk[]): XmlElement {
  const inOrder = disks.toSorted((a, b) => a.index - b.index);
  return element('DiskSection', {}, [
    text('Info', 'Virtual disk information'),
    ...inOrder.map(({ index, capacityBytes, populatedBytes }) =>
      element('Disk', {
        'ovf:capacity': capacityBytes,
        'ovf:capacityAllocationUnits': 'byte',
        'ovf:diskId': `vmdisk${index + 1}`,
        'ovf:fileRef': `file${index + 1}`,
        'ovf:format': FORMAT,
        'ovf:populatedSize': populatedBytes,
      }),
    ),
  ]);
}

function networkSection({ machine }: PackageDesign): XmlElement | undefined {
  const names = [...new Set(machine.cards.map(({ network }) => network.name))];
  if (names.length === 0) return undefined;
  return element('NetworkSection', {}, [
    text('Info', 'The list of logical networks'),
    ...names.map((name) =>
      element('Network', { 'ovf:name': name }, [text('Description', `The ${name} network`)]),
    ),
  ]);
}

function operatingSystem({ machine: { guestId } }: PackageDesign): XmlElement {
  const family = /freebsd/i.test(guestId)
    ? 'freebsd'
    : /windows|^other(Guest|$)/i.test(guestId)
      ? 'other'
      : 'linux';
  return element('OperatingSystemSection', { 'ovf:id': CIM_SYSTEM[family], 'vmw:osType': guestId }, [
    text('Info', 'The kind of installed guest operating system'),
  ]);
}

function hardware(design: PackageDesign): XmlElement {
  const { name, machine, seats, hardwareVersion } = design;
  const disks = seats.map((seat, index) => ({ diskId: `vmdisk${index + 1}`, seat }));
  return element('VirtualHardwareSection', {}, [
    text('Info', 'Virtual hardware requirements'),
    element('System', {}, [
      text('vssd:ElementName', 'Virtual Hardware Family'),
      text('vssd:InstanceID', 0),
      text('vssd:VirtualSystemIdentifier', name),
      text('vssd:VirtualSystemType', `vmx-${hardwareVersion}`),
    ]),
    ...hardwareItems(machine, disks),
    vmwareConfig('firmware', machine.firmware),
    ...(machine.firmware === 'efi'
      ? [vmwareConfig('bootOptions.efiSecureBootEnabled', machine.secureBoot)]
      : []),
  ]);
}

/**
 * The descriptor of a package (DSP0243 1.1, as vSphere writes and reads it). `disks` in the order in which their files lie in an
 * archive: the one that the references must have.
 */
export function serializeEnvelope(design: PackageDesign, disks: readonly EnvelopeDisk[]): string {
  const machine = element('VirtualSystem', { 'ovf:id': design.name }, [
    text('Info', 'A virtual machine'),
    text('Name', design.name),
    operatingSystem(design),
    hardware(design),
  ]);
  const sections = [references(disks), diskSection(disks), networkSection(design), machine];
  return `<?xml version="1.0" encoding="UTF-8"?>\n${serializeXml(element('Envelope', NAMESPACES, sections))}`;
}
