import type { DiskSlot, RestoreRequest } from '@sendense/core';
import type { DomainCapabilities, NewDisk } from '@sendense/platform-kvm/domain';
import type { Outcomes } from './outcomes.ts';

type Slot = NewDisk['slot'];
type Bus = Slot['bus'];

/**
 * What a bus becomes where the host lacks it, best first: guests have drivers of SATA without being told, drivers of
 * virtio only where they have met it.
 */
const NEAREST: Readonly<Record<DiskSlot['bus'], readonly Bus[]>> = {
  virtio: ['virtio', 'scsi', 'sata', 'ide'],
  scsi: ['scsi', 'sata', 'virtio', 'ide'],
  sata: ['sata', 'ide', 'scsi', 'virtio'],
  ide: ['ide', 'sata', 'scsi', 'virtio'],
  nvme: ['sata', 'virtio', 'scsi', 'ide'],
  unknown: ['sata', 'ide', 'virtio', 'scsi'],
};

/** Controllers, and units of each, that a domain can have. A virtio disk is a controller of its own; libvirt names up to 702. */
const ROOM: Readonly<Record<Bus, { readonly controllers: number; readonly units: number }>> = {
  virtio: { controllers: 1, units: 702 },
  scsi: { controllers: 16, units: 256 },
  sata: { controllers: 4, units: 6 },
  ide: { controllers: 1, units: 4 },
};

const keyOf = ({ bus, controller, unit }: DiskSlot): string => `${bus} ${controller}:${unit}`;

/** The wanted place, or the first that is free behind it; `undefined` when the bus is full. */
function placeOn(bus: Bus, wanted: DiskSlot, taken: ReadonlySet<string>): Slot | undefined {
  const { controllers, units } = ROOM[bus];
  const total = controllers * units;
  const fits = wanted.controller < controllers && wanted.unit < units;
  const start = fits ? wanted.controller * units + wanted.unit : 0;
  for (let step = 0; step < total; step++) {
    const at = (start + step) % total;
    const slot = { bus, controller: Math.floor(at / units), unit: at % units };
    if (!taken.has(keyOf(slot))) return slot;
  }
  return undefined;
}

/** A place for each disk, by its number in the request; each other one than the wanted is an outcome and a finding. */
export function chooseSlots(
  { disks, spec }: RestoreRequest,
  { diskBuses, machine }: DomainCapabilities,
  outcomes: Outcomes,
): readonly Slot[] {
  const taken = new Set<string>();
  const orders = new Set<number>();
  return disks.flatMap(({ id, number, slot: wanted }) => {
    const bus = NEAREST[wanted.bus].find((one) => diskBuses.includes(one));
    const place = bus === undefined ? undefined : placeOn(bus, wanted, taken);
    if (place === undefined) {
      outcomes.refuse('bus-unavailable', `${machine} has no place for a disk of bus ${wanted.bus}`, id);
      return [];
    }
    taken.add(keyOf(place));
    outcomes.became(`disks[${number}].slot`, keyOf(wanted), keyOf(place));
    if (place.bus !== wanted.bus) {
      const message = `disk-${number} moves from ${wanted.bus} to ${place.bus}: the guest needs a driver of it to boot`;
      outcomes.warn('bus-changed', message, id);
    } else if (place.bus === 'scsi' && spec.platform !== 'libvirt') {
      const message = `the SCSI controller of disk-${number} becomes virtio-scsi: the guest needs its driver to boot`;
      outcomes.warn('controller-changed', message, id);
    }
    const { bootOrder } = wanted;
    if (bootOrder === undefined || orders.has(bootOrder)) return [place];
    orders.add(bootOrder);
    return [{ ...place, bootOrder }];
  });
}
