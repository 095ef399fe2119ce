import type { Call, Finding } from '@sendense/core';
import { partOf } from '../bytes/mapped-source.ts';
import { probeFileSystem } from '../file-systems.ts';
import { findLogicalVolumes } from '../lvm/find-logical-volumes.ts';
import { readPhysicalVolume } from '../lvm/physical-volume.ts';
import { PhysicalVolumes } from '../lvm/physical-volumes.ts';
import { readGpt } from './gpt.ts';
import { isHybridDisc } from './hybrid-disc.ts';
import { hasProtectiveRecord, readMbr } from './mbr.ts';
import type { ByteDisk, FoundVolumes, PartitionTable, Volume } from './volume.ts';

/**
 * All volumes of the disks of one point: partitions of a GPT or MBR, disks without partitions, and the logical volumes of
 * LVM2 over any of them. What is damaged is told by findings; the rest is found all the same.
 */
export async function findVolumes(disks: readonly ByteDisk[], call?: Call): Promise<FoundVolumes> {
  const volumes: Volume[] = [];
  const physical = new PhysicalVolumes();
  const findings: Finding[] = [];
  for (const disk of disks) {
    const table = await readPartitions(disk, call);
    for (const message of table?.faults ?? [])
      findings.push({ severity: 'warning', code: 'partition-table-damaged', message, disk: disk.id });
    for (const { volume, offset } of await placesOn(disk, table, call)) {
      const found = await readPhysicalVolume(volume.source, call);
      const place = { name: volume.id, disk: disk.name, offset, length: volume.sizeBytes };
      if (found === undefined) volumes.push(volume);
      else physical.add(found, place);
    }
  }
  const logical = findLogicalVolumes(physical.volumes);
  return {
    volumes: [...volumes, ...logical.volumes],
    findings: [...findings, ...physical.findings, ...logical.findings],
  };
}

const UNSAID =
  'the boot record does not say that the disk has a GUID partition table: one is read, because nothing else is known on the disk';

/**
 * A GPT counts where the boot record says so: a disk that was formatted as a whole since may keep an old one. Else a boot record
 * counts unless the same sector begins a file system: those of Windows put their own code and the same signature there.
 */
async function readPartitions(disk: ByteDisk, call: Call | undefined): Promise<PartitionTable | undefined> {
  const { source, sectorBytes } = disk;
  const isSaid = await hasProtectiveRecord(source, call);
  const gpt = await readGpt(source, sectorBytes, call);
  if (isSaid && gpt !== undefined) return gpt;
  const whole = await probeFileSystem(source, call);
  if (whole?.bootSector === true) return undefined;
  const mbr = await readMbr(source, sectorBytes, call);
  if (mbr !== undefined || gpt === undefined || whole !== undefined) return mbr;
  if ((await readPhysicalVolume(source, call)) !== undefined) return undefined;
  return { partitions: gpt.partitions, faults: [UNSAID, ...gpt.faults] };
}

/** A volume and the byte of its disk where it begins. */
type Placed = { readonly volume: Volume; readonly offset: number };

/** A disk without partitions as a whole; one that is also a disc of ISO 9660 both ways. */
async function placesOn(
  disk: ByteDisk,
  table: PartitionTable | undefined,
  call: Call | undefined,
): Promise<Placed[]> {
  if (table === undefined) return [wholeDisk(disk)];
  const partitions = partitionsOf(disk, table);
  return (await isHybridDisc(disk, table, call)) ? [wholeDisk(disk), ...partitions] : partitions;
}

function wholeDisk({ name, source }: ByteDisk): Placed {
  const volume = { id: name, kind: 'disk', sizeBytes: source.sizeBytes, label: '', source } as const;
  return { volume, offset: 0 };
}

function partitionsOf({ name, source }: ByteDisk, { partitions }: PartitionTable): Placed[] {
  return partitions.map(({ number, offset, length, label }) => ({
    volume: {
      id: `${name}-p${number}`,
      kind: 'partition',
      sizeBytes: length,
      label,
      source: partOf(source, offset, length),
    },
    offset,
  }));
}
