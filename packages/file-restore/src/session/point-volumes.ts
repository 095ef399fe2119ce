import type { Call, Finding, PointReader } from '@sendense/core';
import type { ByteSource } from '../bytes/byte-source.ts';
import { type BrowsedVolume, openPointFiles } from './point-files.ts';

/** A volume of a point with its bytes, for whoever shows its files by other means. */
export type PointVolume = BrowsedVolume & {
  /** All bytes of the volume; a journal of ext that was not empty is laid over them, as `access` `in-process` shows it. */
  readonly bytes: ByteSource;
  /** The file system contradicts itself: do not hand it to a driver that trusts what it reads. */
  readonly isDamaged: boolean;
};

/** What lies on the disks of a point, and what was noteworthy of it. */
export type PointVolumes = {
  readonly volumes: readonly PointVolume[];
  readonly findings: readonly Finding[];
};

/** Finds all volumes of a point, which stays the caller's: partitions, whole disks and logical volumes, each as a run of bytes. */
export async function openPointVolumes(reader: PointReader, call?: Call): Promise<PointVolumes> {
  const { volumes, findings } = await openPointFiles(reader, call);
  return {
    volumes: volumes.map(({ volume, reader: files, source, isDamaged }) => ({
      ...volume,
      bytes: files?.bytes ?? source,
      isDamaged,
    })),
    findings,
  };
}
