import type { Call, Finding } from '@sendense/core';
import { partOf } from '../bytes/mapped-source.ts';
import { probeFileSystem } from '../file-systems.ts';
import { findLogicalVolumes } from '../lvm/find-logical-volumes.ts';
import { type PhysicalVolume, readPhysicalVolume } from '../lvm/physical-volume.ts';
import { readGpt } from './gpt.ts';
import { readMbr } from './mbr.ts';
import type { ByteDisk, FoundVolumes, PartitionTable, Volume } from './volume.ts';

/**
 * All volumes of the disks of one point: partitions of a GPT or MBR, disks without partitions, and the logical volumes of
 * LVM2 over any of them. What is damaged is told by findings; the rest is found all the same.
 */
export async function findVolumes(disks: readonly ByteDisk[], call?: Call): Promise<FoundVolumes> {
  const volumes: Volume[] = [];
  const physical: PhysicalVolume[] = [];
  const findings: Finding[] = [];
  for (const disk of disks) {
    const table = await readPartitions(disk, call);
    for (const message of table?.faults ?? [])
      findings.push({ severity: 'warning', code: 'partition-table-damaged', message, disk: disk.id });
    for (const volume of table === undefined ? [wholeDisk(disk)] : partitionsOf(disk, table)) {
      const found = await readPhysicalVolume(volume.source, call);
      if (found === undefined) volumes.push(volume);
      else physical.push(found);
    }
  }
  const logical = findLogicalVolumes(physical);
  return { volumes: [...volumes, ...logical.volumes], findings: [...findings, ...logical.findings] };
}

/**
 * A GPT counts where there is one. A boot record counts unless the same sector begins a file system: those of Windows put
 * their own code and the same signature there.
 */
async function readPartitions(disk: ByteDisk, call: Call | undefined): Promise<PartitionTable | undefined> {
  const { source, sectorBytes } = disk;
  const gpt = await readGpt(source, sectorBytes, call);
  if (gpt !== undefined) return gpt;
  const mbr = await readMbr(source, sectorBytes, call);
  if (mbr === undefined || (await probeFileSystem(source, call))?.bootSector === true) return undefined;
  return mbr;
}

function wholeDisk({ name, source }: ByteDisk): Volume {
  return { id: name, kind: 'disk', sizeBytes: source.sizeBytes, label: '', source };
}

function partitionsOf({ name, source }: ByteDisk, { partitions }: PartitionTable): Volume[] {
  return partitions.map(({ number, offset, length, label }) => ({
    id: `${name}-p${number}`,
    kind: 'partition',
    sizeBytes: length,
    label,
    source: partOf(source, offset, length),
  }));
}
