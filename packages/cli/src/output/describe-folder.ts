import type { FolderPage, ListedEntry } from '@sendense/file-restore';
import type { PrintedFinding } from './describe-findings.ts';
import { formatBytes } from './human-size.ts';
import { printable } from './printable.ts';
import { textTable } from './text-table.ts';

const NS_PER_MS = 1_000_000n;

/** An entry of a folder as the command line prints it; what a damaged inode would tell is `null`. */
export type PrintedEntry = {
  readonly name: string;
  /** `file`, `directory` …, or `damaged`. */
  readonly type: string;
  readonly sizeBytes: number | null;
  /** Octal, e.g. `0640`. */
  readonly mode: string | null;
  readonly mtime: string | null;
  readonly uid: number | null;
  readonly gid: number | null;
  readonly links: number | null;
};

/** A folder of a recovery point, or a part of it, as the command line prints it. */
export type PrintedFolder = {
  readonly entries: readonly PrintedEntry[];
  /** Where the list goes on. */
  readonly next: string | null;
  readonly volume: string | null;
  readonly volumes: readonly {
    readonly id: string;
    readonly kind: string;
    readonly label: string;
    readonly sizeBytes: number;
    readonly fileSystem: string | null;
    readonly access: string | null;
  }[];
  readonly findings: readonly PrintedFinding[];
};

/** The entries of a page, in its order. */
export function describeEntries({ entries }: FolderPage): PrintedEntry[] {
  return entries.map(describeEntry);
}

function describeEntry({ name, stat }: ListedEntry): PrintedEntry {
  return {
    name,
    type: stat?.type ?? 'damaged',
    sizeBytes: stat?.sizeBytes ?? null,
    mode: stat === undefined ? null : stat.mode.toString(8).padStart(4, '0'),
    mtime: stat === undefined ? null : instant(stat.mtimeNs),
    uid: stat?.uid ?? null,
    gid: stat?.gid ?? null,
    links: stat?.links ?? null,
  };
}

/** ISO 8601 UTC with milliseconds; file systems can hold years that a date cannot. */
function instant(timeNs: bigint): string | null {
  const date = new Date(Number(timeNs / NS_PER_MS));
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** What was noticed of the point and of the folder, each once. */
export function onceEach(findings: readonly PrintedFinding[]): PrintedFinding[] {
  return [...new Map(findings.map((finding) => [finding.message, finding])).values()];
}

/** A table of entries. */
export function entryLines(entries: readonly PrintedEntry[]): string[] {
  const rows = entries.map(({ name, type, sizeBytes, mode, mtime }) => [
    mode ?? '?',
    sizeBytes === null ? '?' : formatBytes(sizeBytes),
    mtime ?? '?',
    type,
    printable(name),
  ]);
  return textTable(['MODE', 'SIZE', 'MODIFIED', 'TYPE', 'NAME'], rows);
}
