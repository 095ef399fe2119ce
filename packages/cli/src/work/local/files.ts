import { extractToFile } from '@sendense/file-restore';
import { describeFindings } from '../../output/describe-findings.ts';
import { describeEntries, onceEach, type PrintedFolder } from '../../output/describe-folder.ts';
import { openBrowseSession } from '../../session/open-browse-session.ts';
import { pathOf } from '../../session/open-image.ts';
import type { Session } from '../../session/session.ts';
import type { BrowseOptions, ExtractOptions, PrintedExtract, Read } from '../work.ts';

/** A folder of a point, or a part of it. */
export async function browse(session: Session, options: BrowseOptions): Promise<Read<PrintedFolder>> {
  const { path, limit, from } = options;
  const point = await openBrowseSession(session, options);
  const page = await point.list(path, { limit, from }, session.call);
  return {
    read: {
      entries: describeEntries(page),
      next: page.next ?? null,
      volume: page.volume?.id ?? null,
      volumes: point.volumes.map(({ id, kind, label, sizeBytes, fileSystem, access }) => ({
        id,
        kind,
        label,
        sizeBytes,
        fileSystem,
        access,
      })),
      findings: onceEach(describeFindings([...point.findings, ...page.findings])),
    },
    isDamaged: page.findings.some(({ severity }) => severity === 'error'),
  };
}

/** Takes a file or folder out of a point. */
export async function extract(session: Session, options: ExtractOptions): Promise<Read<PrintedExtract>> {
  const point = await openBrowseSession(session, options);
  const output = pathOf(session, options.output);
  const { format, bytesWritten, sizeBytes, findings } = await extractToFile(
    { session: point, path: options.file, output, overwrite: options.overwrite === true },
    session.call,
  );
  return {
    read: {
      bytesWritten,
      sizeBytes,
      format,
      output,
      findings: describeFindings([...point.findings, ...findings]),
    },
    isDamaged: findings.some(({ severity }) => severity === 'error'),
  };
}
