export {
  childOf,
  childrenOf,
  element,
  serializeXml,
  textOf,
  type XmlElement,
} from '@sendense/plugin-kit/xml';
export { indexOfDiskName, slotOf } from './disk-slot.ts';
export type {
  BackingImage,
  CpuTopology,
  DiskSource,
  Domain,
  DomainDisk,
  DomainFirmware,
  DomainInterface,
  DomainNvram,
  DomainTpm,
  DriveAddress,
} from './domain.ts';
export { type DomainChoices, domainOf, type NewDisk } from './domain-of.ts';
export { type DiskFacts, LIBVIRT_PLATFORM, machineSpecOf } from './machine-spec.ts';
export { nativeConfigOf } from './native-config.ts';
export { type DomainCapabilities, parseDomainCapabilities } from './parse-capabilities.ts';
export { parseDomain } from './parse-domain.ts';
export { parseXml } from './parse-xml.ts';
export { type DomainExtras, serializeDomain } from './serialize-domain.ts';
