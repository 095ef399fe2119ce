import {
  diskId,
  instantId,
  machineKey,
  type PointDisk,
  pointId,
  type RecoveryPoint,
  streamId,
} from '@sendense/core';

/** A point with one disk for each entry of `bases`, whose value is its base. */
export function samplePoint(
  name: string,
  bases: readonly (string | null)[],
  overrides: Partial<RecoveryPoint> = {},
): RecoveryPoint {
  const disks = bases.map(
    (base, number): PointDisk => ({
      id: diskId(`file ${number}`),
      number,
      slot: { bus: 'virtio', controller: 0, unit: number },
      sizeBytes: 4096,
      sectorBytes: 512,
      base: base === null ? null : pointId(base),
      reason: null,
      storedBytes: 100,
      writtenBytes: 50,
      path: `m/disk-${number}/${name}.qcow2`,
    }),
  );
  const parent = bases.find((base) => base !== null) ?? null;
  return {
    id: pointId(name),
    instant: instantId(`i-${name}`),
    at: new Date('2026-10-04T12:00:00.000Z'),
    machine: machineKey('00000000-0000-5000-8000-000000000001'),
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
    disks,
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
