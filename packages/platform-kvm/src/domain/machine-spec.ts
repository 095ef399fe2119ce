import type { DiskId, MachineSpec } from '@sendense/core';
import { slotOf } from './disk-slot.ts';
import type { Domain, DomainInterface } from './domain.ts';

/** What the XML does not say of a disk. */
export type DiskFacts = {
  /** Its name in the domain, e.g. `vda`. */
  readonly target: string;
  readonly id: DiskId;
  readonly sizeBytes: number;
};

/** The platform of machines that libvirt runs. */
export const LIBVIRT_PLATFORM = 'libvirt';

const ARCHITECTURES: Readonly<Record<string, MachineSpec['architecture']>> = {
  x86_64: 'x86_64',
  aarch64: 'aarch64',
};

/** The neutral model of a domain, with those of its disks that facts are given of, in the order of the domain. */
export function machineSpecOf(domain: Domain, facts: readonly DiskFacts[]): MachineSpec {
  const { memoryBytes } = domain;
  const cpu = cpuOf(domain);
  return {
    schema: 1,
    name: domain.name,
    platform: LIBVIRT_PLATFORM,
    firmware: domain.firmware.kind,
    architecture: ARCHITECTURES[domain.architecture ?? ''] ?? 'unknown',
    ...(cpu === undefined ? {} : { cpu }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    disks: disksOf(domain, facts),
    nics: domain.interfaces.slice(0, 256).map(nicOf),
    tpm: domain.tpm !== undefined,
  };
}

function disksOf({ disks }: Domain, facts: readonly DiskFacts[]): MachineSpec['disks'] {
  return disks.flatMap((disk) => {
    const known = facts.find(({ target }) => target === disk.target);
    if (known === undefined) return [];
    return [
      {
        id: known.id,
        label: disk.target,
        slot: slotOf(disk),
        sizeBytes: known.sizeBytes,
        sectorBytes: disk.sectorBytes,
        ...(disk.readOnly ? { readOnly: true } : {}),
      },
    ];
  });
}

/** Libvirt gives one socket a processor where no topology is written. */
function cpuOf({ topology, vcpus }: Domain): MachineSpec['cpu'] {
  if (topology !== undefined) return topology;
  return vcpus === undefined ? undefined : { sockets: vcpus, coresPerSocket: 1, threadsPerCore: 1 };
}

function nicOf({ type, source, macAddress, model, connected }: DomainInterface): MachineSpec['nics'][number] {
  return {
    ...(macAddress === undefined ? {} : { macAddress }),
    ...(model === undefined ? {} : { model }),
    ...(source === undefined ? {} : { network: networkName(type, source) }),
    connected,
  };
}

/** A network by its name; everything else with its type in front, e.g. `bridge:br0`. */
function networkName(type: string, source: string): string {
  return type === 'network' ? source : `${type}:${source}`;
}
