import type { DiskSlot, RestoreRequest } from '@sendense/core';
import type { CheckedOptions } from '../options.ts';
import type { DiskSeat } from './machine-design.ts';
import type { Outcomes } from './outcomes.ts';

/** Controllers of a kind that a machine may have, and disks on each; one unit of SCSI is the controller's own. */
const ROOM: Readonly<Record<DiskSeat['controller'], { buses: number; units: number; own?: number }>> = {
  pvscsi: { buses: 4, units: 16, own: 7 },
  'lsilogic-sas': { buses: 4, units: 16, own: 7 },
  lsilogic: { buses: 4, units: 16, own: 7 },
  sata: { buses: 4, units: 30 },
  nvme: { buses: 4, units: 15 },
  ide: { buses: 2, units: 2 },
};

/** The kind of controller for a bus. Linux has the driver of PVSCSI always, Windows only that of LSI Logic SAS. */
function controllerFor(
  bus: DiskSlot['bus'],
  { spec }: RestoreRequest,
  { scsiController }: CheckedOptions,
): DiskSeat['controller'] {
  if (bus === 'sata' || bus === 'ide' || bus === 'nvme') return bus;
  return scsiController ?? (spec.guest?.family === 'linux' ? 'pvscsi' : 'lsilogic-sas');
}

function keyOf({ controller, bus, unit }: DiskSeat): string {
  return `${controller}${bus}:${unit}`;
}

/** The wanted place, or the next that is free; `undefined` when all are taken. */
function seatOn(
  controller: DiskSeat['controller'],
  wanted: DiskSlot,
  taken: ReadonlySet<string>,
): DiskSeat | undefined {
  const { buses, units, own } = ROOM[controller];
  // the neutral model has one IDE controller of four
  const linear = controller === 'ide' ? wanted.unit : wanted.controller * units + wanted.unit;
  const total = buses * units;
  const start = linear < total ? linear : 0;
  for (let step = 0; step < total; step++) {
    const at = (start + step) % total;
    const seat = { controller, bus: Math.floor(at / units), unit: at % units };
    if (seat.unit !== own && !taken.has(keyOf(seat))) return seat;
  }
  return undefined;
}

/** A place for each disk, in the order of the request; each other one than the wanted is an outcome, another bus a finding. */
export function chooseSeats(
  request: RestoreRequest,
  options: CheckedOptions,
  outcomes: Outcomes,
): readonly DiskSeat[] {
  const taken = new Set<string>();
  const seats = request.disks.flatMap(({ id, number, slot }) => {
    const controller = controllerFor(slot.bus, request, options);
    const seat = seatOn(controller, slot, taken);
    if (seat === undefined) {
      outcomes.tell('error', 'bus-full', `no place is left on ${controller} for disk-${number}`, id);
      return [];
    }
    taken.add(keyOf(seat));
    const isScsi = controller !== 'sata' && controller !== 'ide' && controller !== 'nvme';
    const bus = isScsi ? 'scsi' : controller;
    outcomes.became(
      `disks[${number}].slot`,
      `${slot.bus}${slot.controller}:${slot.unit}`,
      `${bus}${seat.bus}:${seat.unit}`,
    );
    if (bus !== slot.bus) {
      const message = `disk-${number} moves from ${slot.bus} to ${controller}: the guest needs a driver of it to boot`;
      outcomes.tell('warning', 'bus-changed', message, id);
    } else if (isScsi) {
      const message = `the SCSI controller of disk-${number} is a ${controller}: the guest needs its driver to boot`;
      outcomes.tell('info', 'controller-chosen', message, id);
    }
    return [seat];
  });
  bootOutcome(request, outcomes);
  return seats;
}

/** vSphere boots from the first disk; another order stands in no specification that we make. */
function bootOutcome({ disks }: RestoreRequest, outcomes: Outcomes): void {
  const first = disks.find(({ slot }) => slot.bootOrder === 1);
  if (first === undefined || first === disks[0]) return;
  outcomes.became('bootOrder', `disk-${first.number}`, null);
  const message = `the machine booted from disk-${first.number}: set the boot order in the settings of the new one`;
  outcomes.tell('warning', 'boot-order-lost', message, first.id);
}
