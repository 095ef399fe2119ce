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
export { parseDomain } from './parse-domain.ts';
export { parseXml } from './parse-xml.ts';
export { serializeXml } from './serialize-xml.ts';
export { childOf, childrenOf, element, textOf, type XmlElement } from './xml-element.ts';
