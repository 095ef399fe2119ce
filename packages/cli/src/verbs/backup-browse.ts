import type { FolderPage, ListedEntry } from '@sendense/file-restore';
import type { Command } from 'commander';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { formatBytes } from '../output/human-size.ts';
import { printable } from '../output/printable.ts';
import { textTable } from '../output/text-table.ts';
import { parsePositive, parseText } from '../program/flag-values.ts';
import {
  type BackupIdOption,
  backupIdFlag,
  type RepositoryOption,
  repositoryFlag,
} from '../program/shared-flags.ts';
import { openBrowseSession } from '../session/open-browse-session.ts';
import { defineVerb } from '../verb.ts';

type Options = RepositoryOption &
  BackupIdOption & { readonly path: string; readonly limit?: number; readonly from?: string };

const NS_PER_MS = 1_000_000n;
/** Entries that are listed unless the user says otherwise: a folder of millions takes little memory, and comes in parts. */
const LIMIT = 10_000;

function flags(command: Command): Command {
  return backupIdFlag(repositoryFlag(command))
    .option(
      '--path <folder>',
      'the folder; where the point has several file systems, / lists them',
      parseText,
      '/',
    )
    .option(
      '--limit <count>',
      `list so many entries at most, in the order of the folder (default: ${LIMIT}, sorted by name)`,
      parsePositive,
    )
    .option('--from <place>', 'go on where the list before ended: its "next"', parseText);
}

/** `backup browse` */
export const backupBrowse = defineVerb<Options>({
  words: ['backup', 'browse'],
  summary: 'list a folder of a recovery point, without restoring or mounting it',
  flags,
  async run(session, options) {
    const point = await openBrowseSession(session, options);
    const page = await readFolder(options, (limit, from) =>
      point.list(options.path, { limit, from }, session.call),
    );
    const findings = [
      ...new Map([...point.findings, ...page.findings].map((finding) => [finding.message, finding])).values(),
    ];
    const entries = page.entries.map(describeEntry);
    const volumes = point.volumes.map(({ id, kind, label, sizeBytes, fileSystem, access }) => ({
      id,
      kind,
      label,
      sizeBytes,
      fileSystem,
      access,
    }));
    const rows = entries.map(({ name, type, sizeBytes, mode, mtime }) => [
      mode ?? '?',
      sizeBytes === null ? '?' : formatBytes(sizeBytes),
      mtime ?? '?',
      type,
      printable(name),
    ]);
    return {
      json: {
        entries,
        next: page.next ?? null,
        volume: page.volume?.id ?? null,
        volumes,
        findings: describeFindings(findings),
      },
      lines: [
        ...textTable(['MODE', 'SIZE', 'MODIFIED', 'TYPE', 'NAME'], rows),
        ...(page.next === undefined ? [] : [`There is more: go on with --from ${page.next}`]),
        ...findingLines(findings),
      ],
      ...(page.findings.some(({ severity }) => severity === 'error') ? { exitCode: 3 as const } : {}),
    };
  },
});

/** One page: in the order of the folder when a limit was given, else sorted by name. */
async function readFolder(
  { limit, from }: Options,
  list: (limit: number, from: string | undefined) => Promise<FolderPage>,
): Promise<FolderPage> {
  const page = await list(limit ?? LIMIT, from);
  if (limit !== undefined) return page;
  return { ...page, entries: page.entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** An entry as the command line prints it; what a damaged inode would tell is `null`. */
function describeEntry({ name, stat }: ListedEntry) {
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
