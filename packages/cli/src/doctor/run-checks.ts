import { readNativeMode } from '@sendense/plugin-kit';
import type { RepositoryOption } from '../program/shared-flags.ts';
import type { Session } from '../session/session.ts';
import { attempt, type Check } from './check.ts';
import { checkQemu } from './check-programs.ts';
import { checkNative, checkNode, checkZstd } from './check-runtime.ts';
import { checkRepository, checkSpace, checkState } from './check-storage.ts';

/** All checks; the repository's only when one is named. */
export async function runChecks(session: Session, options: RepositoryOption): Promise<Check[]> {
  return [
    checkNode(process.versions.node),
    checkZstd(),
    await attempt('native-addon', async () => checkNative(readNativeMode(session.host.env))),
    await attempt('state-directory', () => checkState(session)),
    await attempt('free-space', () => checkSpace(session)),
    await checkQemu(session.host.env.PATH),
    ...(options.repository === undefined
      ? []
      : [await attempt('repository', () => checkRepository(session, options))]),
  ];
}
