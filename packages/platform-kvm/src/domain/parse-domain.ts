import { SendenseError } from '@sendense/core';
import { childOf, childrenOf, textOf, type XmlElement } from '@sendense/plugin-kit/xml';
import type { CpuTopology, Domain, DomainInterface, DomainTpm } from './domain.ts';
import { parseDisk } from './parse-disk.ts';
import { parseFirmware } from './parse-firmware.ts';
import { parseXml } from './parse-xml.ts';
import { wholeNumber } from './whole-number.ts';

/** More of one kind than any machine has. */
const MAX_DEVICES = 1024;

/** Bytes of the units of `<memory>`; `KiB` where it says none (formatdomain, "Memory Allocation"). */
const UNIT_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  bytes: 1,
  KB: 1e3,
  k: 1024,
  KiB: 1024,
  MB: 1e6,
  M: 1024 ** 2,
  MiB: 1024 ** 2,
  GB: 1e9,
  G: 1024 ** 3,
  GiB: 1024 ** 3,
  TB: 1e12,
  T: 1024 ** 4,
  TiB: 1024 ** 4,
};

/** Reads the XML of a domain, as `virsh dumpxml` prints it. Throws `FORMAT_INVALID`. */
export function parseDomain(xml: string): Domain {
  const root = parseXml(xml);
  const name = textOf(root, 'name');
  if (root.name !== 'domain' || name === undefined) {
    throw new SendenseError('FORMAT_INVALID', 'the XML is not the one of a domain with a name', {
      operation: 'parse-domain',
      remedy: 'give what virsh dumpxml prints',
    });
  }
  const os = childOf(root, 'os');
  const type = childOf(os, 'type')?.attributes;
  const devices = childOf(root, 'devices');
  return {
    type: root.attributes.get('type') ?? 'unknown',
    name,
    uuid: textOf(root, 'uuid')?.toLowerCase(),
    active: root.attributes.has('id'),
    memoryBytes: memoryOf(childOf(root, 'memory')),
    vcpus: wholeNumber(textOf(root, 'vcpu'), 1),
    topology: topologyOf(childOf(root, 'cpu')),
    architecture: type?.get('arch'),
    machine: type?.get('machine'),
    firmware: parseFirmware(os),
    tpm: tpmOf(childOf(devices, 'tpm')),
    disks: few(childrenOf(devices, 'disk')).flatMap((disk) => parseDisk(disk) ?? []),
    interfaces: few(childrenOf(devices, 'interface')).map(interfaceOf),
  };
}

function few(elements: readonly XmlElement[]): readonly XmlElement[] {
  if (elements.length <= MAX_DEVICES) return elements;
  throw new SendenseError('FORMAT_INVALID', `the domain has ${elements.length} devices of one kind`, {
    operation: 'parse-domain',
  });
}

function memoryOf(memory: XmlElement | undefined): number | undefined {
  const number = wholeNumber(memory?.text, 1);
  const unit = UNIT_BYTES[memory?.attributes.get('unit') ?? 'KiB'];
  if (number === undefined || unit === undefined) return undefined;
  const bytes = number * unit;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

function topologyOf(cpu: XmlElement | undefined): CpuTopology | undefined {
  const topology = childOf(cpu, 'topology')?.attributes;
  if (topology === undefined) return undefined;
  const number = (name: string): number => wholeNumber(topology.get(name), 1) ?? 1;
  return {
    sockets: number('sockets'),
    coresPerSocket: number('dies') * number('cores'),
    threadsPerCore: number('threads'),
  };
}

function tpmOf(tpm: XmlElement | undefined): DomainTpm | undefined {
  if (tpm === undefined) return undefined;
  const backend = childOf(tpm, 'backend')?.attributes;
  return {
    model: tpm.attributes.get('model'),
    backend: backend?.get('type'),
    version: backend?.get('version'),
  };
}

function interfaceOf(element: XmlElement): DomainInterface {
  const type = element.attributes.get('type') ?? 'unknown';
  const source = childOf(element, 'source')?.attributes;
  return {
    type,
    source: source?.get(type === 'direct' || type === 'ethernet' ? 'dev' : type),
    macAddress: childOf(element, 'mac')?.attributes.get('address')?.toLowerCase(),
    model: childOf(element, 'model')?.attributes.get('type'),
    connected: childOf(element, 'link')?.attributes.get('state') !== 'down',
    bootOrder: wholeNumber(childOf(element, 'boot')?.attributes.get('order'), 1),
  };
}
