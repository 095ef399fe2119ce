import type { Finding } from '@sendense/core';
import type { EntryFailure } from '../entries/read-entries.ts';

/** A disk that clients can use. */
export type ExportInfo = {
  readonly name: string;
  /** For NBD clients: `nbdinfo URI`, `qemu-img convert URI …`. */
  readonly uri: string;
  readonly sizeBytes: number;
  readonly writable: boolean;
  /** Bytes of the disk that were written, by whole clusters; `null` of an export that is read-only. */
  readonly overlayBytes: number | null;
  /** The file that asks for it. */
  readonly file: string;
  readonly description: string;
};

/** What a reload came to. */
export type ReloadReport = {
  /** What is served now, by name. */
  readonly exports: readonly ExportInfo[];
  /** Names that were not served before, and names that are not any more; one that was changed is in both. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Files whose disks are not served as they say, by file. */
  readonly failures: readonly EntryFailure[];
  /** The same as findings, and what was found besides. */
  readonly findings: readonly Finding[];
};

/** A file that was refused, as a finding. */
export function failureFinding({ file, error }: EntryFailure): Finding {
  const remedy = error.remedy === undefined ? '' : `; ${error.remedy}`;
  return { severity: 'error', code: 'export-refused', object: file, message: `${error.message}${remedy}` };
}
