import type { DiskId, SkippedDisk } from '@sendense/core';
import type { ExcludedDisks } from './exclude-disks.ts';
import type { StreamHistory } from './stream-history.ts';

/** A disk that is not in the backup. */
export type SkippedDiskResult = {
  /** `disk-N` as for the disks of the result; its own id where it has no number in the repository. */
  readonly id: string;
  readonly diskId: DiskId;
  readonly reason: string;
};

/**
 * Calls skipped disks as the user calls them. Before the first backup a disk goes by its place at the machine, unless
 * the repository gave that number to a disk of this very backup: no two disks of one result bear the same name.
 */
export function nameSkippedDisks(
  skipped: readonly SkippedDisk[],
  excluded: ExcludedDisks,
  history: StreamHistory,
  taken: readonly string[],
): readonly SkippedDiskResult[] {
  return skipped.map(({ id, reason }) => {
    const number = history.latestWith(id)?.disks.get(id)?.number;
    const name = number === undefined ? (excluded.get(id) ?? id) : `disk-${number}`;
    return { id: taken.includes(name) ? id : name, diskId: id, reason };
  });
}
