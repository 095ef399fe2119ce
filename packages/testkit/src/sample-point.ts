import {
  diskId,
  instantId,
  machineKey,
  type PointDisk,
  pointId,
  type RecoveryPoint,
  streamId,
} from '@sendense/core';

const MACHINE = machineKey('00000000-0000-5000-8000-000000000001');

/** A plausible point of a machine, with one disk of 1 MiB for each entry of `bases`, whose value is its base. */
export function samplePoint(
  name: string,
  bases: readonly (string | null)[],
  overrides: Partial<RecoveryPoint> = {},
): RecoveryPoint {
  const parent = bases.find((base) => base !== null) ?? null;
  return {
    id: pointId(name),
    instant: instantId(`i-${name}`),
    at: new Date('2026-10-04T12:00:00.000Z'),
    machine: MACHINE,
    stream: streamId('s'),
    sequence: 1,
    kind: parent === null ? 'full' : 'incremental',
    spec: {
      schema: 1,
      name: 'vm',
      platform: 'image',
      firmware: 'bios',
      architecture: 'x86_64',
      disks: [],
      nics: [],
    },
    consistency: 'crash',
    disks: bases.map((base, number) => sampleDisk(name, base, number)),
    skipped: [],
    findings: [],
    parentId: parent === null ? null : pointId(parent),
    storedBytes: 100,
    states: [],
    artifacts: [],
    held: false,
    note: null,
    ...overrides,
  };
}

function sampleDisk(point: string, base: string | null, number: number): PointDisk {
  return {
    id: diskId(`disk ${number}`),
    number,
    slot: { bus: 'virtio', controller: 0, unit: number },
    sizeBytes: 1 << 20,
    sectorBytes: 512,
    base: base === null ? null : pointId(base),
    reason: base === null ? 'first-backup' : null,
    storedBytes: 100,
    writtenBytes: 65_536,
    path: `m/disk-${number}/${point}.qcow2`,
  };
}
