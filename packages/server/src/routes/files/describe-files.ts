import type { ApiFinding, fileListSchema, mountSchema } from '@sendense/api';
import type { Finding } from '@sendense/core';
import type { MountedPoint } from '@sendense/file-mount';
import type { BrowsedVolume, ListedEntry } from '@sendense/file-restore';
import type { z } from 'zod';
import { describeFinding } from '../../jobs/describe-results.ts';

/** The first instant of the year 1: what is before the year 0 is told by more than four digits. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00.000Z');
/** The last instant that four digits of a year can tell. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** A volume in the words of the API, and where `folder` shows it. */
export function describeVolume(
  volume: BrowsedVolume,
  folder: MountedPoint | null,
): z.input<typeof mountSchema>['volumes'][number] {
  const { id, kind, label, fileSystem, fileSystemLabel, sizeBytes, access } = volume;
  const shown = folder?.volumes.find((each) => each.id === id);
  return {
    id,
    kind,
    label: fileSystemLabel,
    volume_label: label,
    size_bytes: sizeBytes,
    file_system: fileSystem,
    readable: access !== null,
    access,
    path: shown?.target ?? null,
    driver: shown?.driver ?? null,
  };
}

/** An entry of a folder in the words of the API. */
export function describeEntry({
  name,
  stat,
}: ListedEntry): z.input<typeof fileListSchema>['entries'][number] {
  return {
    name,
    type: stat?.type ?? null,
    size_bytes: stat?.sizeBytes ?? null,
    mode: stat === undefined ? null : stat.mode.toString(8).padStart(4, '0'),
    uid: stat?.uid ?? null,
    gid: stat?.gid ?? null,
    mtime: stat === undefined ? null : instantOf(stat.mtimeNs),
    links: stat?.links ?? null,
  };
}

/** Findings in the words of the API. */
export function describeFindings(findings: readonly Finding[]): ApiFinding[] {
  return findings.map(describeFinding);
}

/** ISO 8601; `null` for times outside of the years 1 to 9999, which only damage has. */
function instantOf(timeNs: bigint): string | null {
  const ms = Number(timeNs / 1_000_000n);
  return ms < FIRST_MS || ms > LAST_MS ? null : new Date(ms).toISOString();
}
