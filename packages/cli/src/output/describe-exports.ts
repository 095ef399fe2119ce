import type { ExportInfo } from '@sendense/nbd-service';
import { formatBytes } from './human-size.ts';
import { printable } from './printable.ts';
import { textTable } from './text-table.ts';

/** An export as the command line prints it. */
export type PrintedExport = {
  readonly name: string;
  readonly uri: string;
  readonly sizeBytes: number;
  readonly writable: boolean;
  /** Bytes that were written to its overlay; `null` of one that is read-only. */
  readonly overlayBytes: number | null;
  readonly file: string;
  readonly description: string;
};

/** See {@link PrintedExport}. */
export function describeExports(exports: readonly ExportInfo[]): PrintedExport[] {
  return exports.map(({ name, uri, sizeBytes, writable, overlayBytes, file, description }) => ({
    name,
    uri,
    sizeBytes,
    writable,
    overlayBytes,
    file,
    description,
  }));
}

/** A table of exports. */
export function exportLines(exports: readonly ExportInfo[]): string[] {
  const rows = exports.map(({ name, uri, sizeBytes, overlayBytes, description }) => [
    name,
    formatBytes(sizeBytes),
    overlayBytes === null ? 'read-only' : `${formatBytes(overlayBytes)} written`,
    printable(uri),
    printable(description),
  ]);
  return textTable(['NAME', 'SIZE', 'ACCESS', 'URI', 'WHAT'], rows);
}
