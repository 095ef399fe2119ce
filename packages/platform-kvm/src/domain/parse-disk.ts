import { childOf, textOf, type XmlElement } from '@sendense/plugin-kit/xml';
import type { BackingImage, DiskSource, DomainDisk, DriveAddress } from './domain.ts';
import { wholeNumber } from './whole-number.ts';

/** Longest chain that is followed; libvirt's own limit is 200 images. */
const MAX_BACKING = 200;

/** What libvirt takes a disk's bus to be where it is not written: the kind of name. */
const BUS_OF_PREFIX: Readonly<Record<string, string>> = {
  vd: 'virtio',
  sd: 'scsi',
  hd: 'ide',
  fd: 'fdc',
  xv: 'xen',
  ub: 'usb',
};

/** Reads a `<disk>`; `undefined` for one without a target, which libvirt does not have either. */
export function parseDisk(disk: XmlElement): DomainDisk | undefined {
  const target = childOf(disk, 'target')?.attributes;
  const name = target?.get('dev');
  if (name === undefined || name === '') return undefined;
  const driver = childOf(disk, 'driver')?.attributes;
  const device = deviceOf(disk.attributes.get('device'));
  return {
    device,
    target: name,
    bus: target?.get('bus') ?? BUS_OF_PREFIX[name.slice(0, 2)] ?? 'unknown',
    format: driver?.get('type'),
    cache: driver?.get('cache'),
    discard: driver?.get('discard'),
    source: sourceOf(disk),
    backing: backingOf(disk),
    readOnly: device === 'cdrom' || childOf(disk, 'readonly') !== undefined,
    shareable: childOf(disk, 'shareable') !== undefined,
    transient: childOf(disk, 'transient') !== undefined,
    bootOrder: wholeNumber(childOf(disk, 'boot')?.attributes.get('order'), 1),
    serial: textOf(disk, 'serial'),
    wwn: textOf(disk, 'wwn'),
    sectorBytes: childOf(disk, 'blockio')?.attributes.get('logical_block_size') === '4096' ? 4096 : 512,
    address: addressOf(childOf(disk, 'address')),
    alias: childOf(disk, 'alias')?.attributes.get('name'),
  };
}

function deviceOf(device: string | undefined): DomainDisk['device'] {
  return device === 'cdrom' || device === 'floppy' || device === 'lun' ? device : 'disk';
}

/** `parent` is a `<disk>` or a `<backingStore>`; both say the type of their `<source>`. */
function sourceOf(parent: XmlElement): DiskSource | undefined {
  const source = childOf(parent, 'source')?.attributes;
  const type = parent.attributes.get('type') ?? 'file';
  if (source === undefined || source.size === 0) return undefined;
  if (type === 'volume') {
    const pool = source.get('pool');
    const volume = source.get('volume');
    return pool === undefined || volume === undefined ? undefined : { type, pool, volume };
  }
  if (type === 'network') {
    return { type, protocol: source.get('protocol') ?? 'unknown', name: source.get('name') };
  }
  if (type !== 'file' && type !== 'block' && type !== 'dir') return { type: 'other', name: type };
  const path = source.get(type === 'block' ? 'dev' : type);
  return path === undefined || path === '' ? undefined : { type, path };
}

function backingOf(disk: XmlElement): readonly BackingImage[] {
  const chain: BackingImage[] = [];
  let at = childOf(disk, 'backingStore');
  while (at !== undefined && chain.length < MAX_BACKING) {
    const source = sourceOf(at);
    if (source === undefined) break;
    chain.push({ source, format: childOf(at, 'format')?.attributes.get('type') });
    at = childOf(at, 'backingStore');
  }
  return chain;
}

function addressOf(address: XmlElement | undefined): DriveAddress | undefined {
  if (address?.attributes.get('type') !== 'drive') return undefined;
  const number = (name: string): number => wholeNumber(address.attributes.get(name)) ?? 0;
  return { controller: number('controller'), bus: number('bus'), unit: number('unit') };
}
