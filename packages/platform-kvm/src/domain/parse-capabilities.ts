import { SendenseError } from '@sendense/core';
import { childOf, childrenOf, textOf, type XmlElement } from '@sendense/plugin-kit/xml';
import { parseXml } from './parse-xml.ts';

/** What a host offers to domains of one kind (https://libvirt.org/formatdomaincaps.html). */
export type DomainCapabilities = {
  /** `kvm` or `qemu`. */
  readonly type: string;
  /** The machine type as the host calls it: `q35` is asked for and `pc-q35-7.2` is told. */
  readonly machine: string;
  readonly architecture: string;
  /** Firmware that libvirt chooses by itself: `bios`, `efi`. */
  readonly firmware: readonly string[];
  /** Whether a UEFI with secure boot is among it. */
  readonly secureBoot: boolean;
  /** CPU modes that work: `host-model`, `maximum`, … */
  readonly cpuModes: readonly string[];
  readonly diskBuses: readonly string[];
  /** Models of TPM; empty when there is none to emulate. */
  readonly tpmModels: readonly string[];
};

/** Reads what `virsh domcapabilities` prints. Throws `FORMAT_INVALID`. */
export function parseDomainCapabilities(xml: string): DomainCapabilities {
  const root = parseXml(xml);
  if (root.name !== 'domainCapabilities') {
    throw new SendenseError('FORMAT_INVALID', 'the XML does not tell what a host offers to domains', {
      operation: 'parse-capabilities',
    });
  }
  const os = childOf(root, 'os');
  const devices = childOf(root, 'devices');
  const tpm = childOf(devices, 'tpm');
  const cpuModes = childrenOf(childOf(root, 'cpu'), 'mode').filter(isSupported);
  return {
    type: textOf(root, 'domain') ?? 'unknown',
    machine: textOf(root, 'machine') ?? 'unknown',
    architecture: textOf(root, 'arch') ?? 'unknown',
    firmware: valuesOf(os, 'firmware'),
    secureBoot: valuesOf(childOf(os, 'loader'), 'secure').includes('yes'),
    cpuModes: cpuModes.flatMap(({ attributes }) => attributes.get('name') ?? []),
    diskBuses: valuesOf(childOf(devices, 'disk'), 'bus'),
    tpmModels: valuesOf(tpm, 'backendModel').includes('emulator') ? valuesOf(tpm, 'model') : [],
  };
}

function isSupported({ attributes }: XmlElement): boolean {
  return attributes.get('supported') === 'yes';
}

/** The values of an `<enum>` of an element that is supported. */
function valuesOf(parent: XmlElement | undefined, name: string): readonly string[] {
  if (parent === undefined || !isSupported(parent)) return [];
  const values = childrenOf(parent, 'enum').find(({ attributes }) => attributes.get('name') === name);
  return childrenOf(values, 'value').map(({ text }) => text);
}
