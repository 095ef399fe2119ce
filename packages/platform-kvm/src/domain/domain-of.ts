import type { DiskSlot, MachineSpec } from '@sendense/core';
import { addressOf, diskNameOf } from './disk-slot.ts';
import type { DiskSource, Domain, DomainDisk, DomainFirmware, DomainInterface } from './domain.ts';

/** A disk of a new domain. Bus and position are those that the host offers. */
export type NewDisk = {
  readonly slot: DiskSlot & { readonly bus: 'virtio' | 'scsi' | 'sata' | 'ide' };
  readonly source: DiskSource;
  readonly format: 'raw' | 'qcow2';
  readonly sectorBytes: 512 | 4096;
  readonly readOnly?: boolean;
};

/** What a new domain is made of beside the neutral model. */
export type DomainChoices = {
  readonly type: 'kvm' | 'qemu';
  readonly name: string;
  readonly uuid: string | undefined;
  readonly architecture: string;
  readonly machine: string;
  readonly firmware: DomainFirmware;
  readonly tpm: Domain['tpm'];
  readonly disks: readonly NewDisk[];
  readonly interfaces: readonly DomainInterface[];
};

/** The domain of a machine; what the model does not say of processors and memory stays open. */
export function domainOf({ cpu, memoryBytes }: MachineSpec, choices: DomainChoices): Domain {
  const { disks, ...rest } = choices;
  return {
    ...rest,
    active: false,
    memoryBytes,
    vcpus: cpu === undefined ? undefined : cpu.sockets * cpu.coresPerSocket * cpu.threadsPerCore,
    topology: cpu,
    disks: nameDisks(disks),
  };
}

/** Names count on through SCSI and SATA, which share their letters; a virtio disk's name is its position. */
function nameDisks(disks: readonly NewDisk[]): DomainDisk[] {
  const next = { sd: 0, hd: 0 };
  return disks.map(({ slot, source, format, sectorBytes, readOnly = false }) => {
    const { bus, bootOrder } = slot;
    const prefix = bus === 'ide' ? 'hd' : 'sd';
    return {
      device: 'disk',
      target: bus === 'virtio' ? diskNameOf('vd', slot.unit) : diskNameOf(prefix, next[prefix]++),
      bus,
      format,
      cache: undefined,
      discard: 'unmap',
      source,
      backing: [],
      readOnly,
      shareable: false,
      transient: false,
      bootOrder,
      serial: undefined,
      wwn: undefined,
      sectorBytes,
      address: addressOf(slot),
      alias: undefined,
    };
  });
}
