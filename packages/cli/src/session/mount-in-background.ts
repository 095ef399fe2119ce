import { join, resolve } from 'node:path';
import { findingLines } from '../output/describe-findings.ts';
import type { CommonOptions } from '../program/common-flags.ts';
import type { BackupIdOption, RepositoryOption } from '../program/shared-flags.ts';
import type { VerbResult } from '../verb.ts';
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

/** What `backup mount --foreground` tells first. */
type ToldMount = VerbResult['json'] & {
  readonly mountId: string;
  readonly mountPath: string;
  readonly findings: Parameters<typeof findingLines>[0];
};

/** Mounts by a process of its own, which serves the files until the mount ends; what it logs goes to `mounts.log` beside them. */
export async function mountInBackground(session: Session, options: AskedMount): Promise<VerbResult> {
  const told = (await startInBackground(session, options, {
    args: ['backup', 'mount', '--foreground', ...flagsOf(session, options)],
    logFile: join(mountsDirectory(session), 'mounts.log'),
  })) as ToldMount;
  const { mountId, mountPath, findings } = told;
  return {
    json: told,
    lines: [
      `mounted at ${mountPath}; end it with: sendense-ctl backup unmount ${mountId}`,
      ...findingLines(findings),
    ],
  };
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
