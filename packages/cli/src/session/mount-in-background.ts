import { join, resolve } from 'node:path';
import type { PrintedMounted } from '../output/describe-mounts.ts';
import type { CommonOptions } from '../program/common-flags.ts';
import type { BackupIdOption, RepositoryOption } from '../program/shared-flags.ts';
import { mountsDirectory } from './mount-place.ts';
import type { Session } from './session.ts';
import { startInBackground } from './start-in-background.ts';

/** What the user asks for. */
export type AskedMount = CommonOptions &
  RepositoryOption &
  BackupIdOption & {
    readonly path?: string;
    readonly volume?: readonly string[];
    readonly trustImage?: true;
    readonly idle?: number;
    readonly foreground?: true;
  };

/**
 * Mounts by a process of its own, which serves the files until the mount ends; what it logs goes to `mounts.log` beside them. What its
 * `backup mount --foreground` told first.
 */
export async function mountInBackground(session: Session, options: AskedMount): Promise<PrintedMounted> {
  const told = await startInBackground(session, options, {
    args: ['backup', 'mount', '--foreground', ...flagsOf(session, options)],
    logFile: join(mountsDirectory(session), 'mounts.log'),
  });
  return told as PrintedMounted;
}

/** The flags of this run for the other one. */
function flagsOf({ host }: Session, options: AskedMount): string[] {
  const { repository, passphraseFile, backupId, path, volume = [], trustImage, idle } = options;
  const given = {
    '--repository': repository,
    '--passphrase-file': passphraseFile,
    '--backup-id': backupId,
    '--path': path === undefined ? undefined : resolve(host.workingDirectory, path),
    '--idle': idle,
  };
  return [
    ...Object.entries(given).flatMap(([flag, value]) => (value === undefined ? [] : [flag, `${value}`])),
    ...volume.flatMap((id) => ['--volume', id]),
    ...(trustImage === true ? ['--trust-image'] : []),
  ];
}
