import { childOf, childrenOf, type XmlElement } from '@sendense/plugin-kit/xml';
import type { DomainFirmware, DomainNvram } from './domain.ts';

/** Reads what `<os>` says of the firmware: chosen by libvirt (`firmware='efi'`), or a loader by name. */
export function parseFirmware(os: XmlElement | undefined): DomainFirmware {
  const loader = childOf(os, 'loader');
  const firmware = os?.attributes.get('firmware');
  const uefi = firmware === 'efi' || loader?.attributes.get('type') === 'pflash';
  const secure = loader?.attributes.get('secure') === 'yes' || hasFeature(os, 'secure-boot');
  return {
    kind: uefi ? (secure ? 'uefi-secure' : 'uefi') : 'bios',
    automatic: firmware !== undefined,
    loader: loader?.text === '' ? undefined : loader?.text,
    nvram: uefi ? nvramOf(childOf(os, 'nvram')) : undefined,
  };
}

function hasFeature(os: XmlElement | undefined, name: string): boolean {
  return childrenOf(childOf(os, 'firmware'), 'feature').some(
    ({ attributes }) => attributes.get('name') === name && attributes.get('enabled') === 'yes',
  );
}

function nvramOf(nvram: XmlElement | undefined): DomainNvram | undefined {
  if (nvram === undefined) return undefined;
  const path = nvram.text === '' ? childOf(nvram, 'source')?.attributes.get('file') : nvram.text;
  return { path, template: nvram.attributes.get('template'), format: nvram.attributes.get('format') };
}
