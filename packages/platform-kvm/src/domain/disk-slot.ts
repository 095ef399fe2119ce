import type { DiskSlot } from '@sendense/core';
import type { DomainDisk, DriveAddress } from './domain.ts';

const NEUTRAL_BUS: Readonly<Record<string, DiskSlot['bus']>> = {
  virtio: 'virtio',
  scsi: 'scsi',
  sata: 'sata',
  ide: 'ide',
  nvme: 'nvme',
};

/** Drives of one IDE channel: master and slave. */
const IDE_UNITS = 2;

/** The number that the letters of a disk's name count: `vda` is 0, `vdz` is 25, `vdaa` is 26. */
export function indexOfDiskName(name: string): number {
  const letters = /^[a-z]{2}([a-z]{1,4})\d*$/.exec(name)?.[1] ?? 'a';
  let index = 0;
  for (const letter of letters) index = index * 26 + (letter.charCodeAt(0) - 96);
  return index - 1;
}

/** The name of the disk `index` of a kind: see {@link indexOfDiskName}. */
export function diskNameOf(prefix: string, index: number): string {
  let letters = '';
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(97 + ((rest - 1) % 26)) + letters;
  }
  return prefix + letters;
}

/** The neutral position of a disk: by its address, else by its name. */
export function slotOf({ bus, address, target, bootOrder }: DomainDisk): DiskSlot {
  const neutral = NEUTRAL_BUS[bus] ?? 'unknown';
  const place =
    address === undefined || neutral === 'virtio'
      ? { controller: 0, unit: indexOfDiskName(target) }
      : { controller: address.controller, unit: unitOf(neutral, address) };
  return { bus: neutral, ...place, ...(bootOrder === undefined ? {} : { bootOrder }) };
}

function unitOf(bus: DiskSlot['bus'], address: DriveAddress): number {
  return bus === 'ide' ? address.bus * IDE_UNITS + address.unit : address.unit;
}

/** The address of a slot; `undefined` for buses that have none (virtio disks are devices of their own). */
export function addressOf({ bus, controller, unit }: DiskSlot): DriveAddress | undefined {
  if (bus === 'ide') return { controller, bus: Math.floor(unit / IDE_UNITS), unit: unit % IDE_UNITS };
  return bus === 'scsi' || bus === 'sata' ? { controller, bus: 0, unit } : undefined;
}
