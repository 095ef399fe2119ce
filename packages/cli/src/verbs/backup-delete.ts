import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { formatBytes } from '../output/human-size.ts';
import {
  type BackupIdOption,
  backupIdFlag,
  type RepositoryOption,
  repositoryFlag,
} from '../program/shared-flags.ts';
import { findPoint, readPoints } from '../session/find-points.ts';
import { maintenanceOf, noteChange } from '../session/maintain.ts';
import { openRepository } from '../session/open-repository.ts';
import { defineVerb } from '../verb.ts';

/** `backup delete` */
export const backupDelete = defineVerb<RepositoryOption & BackupIdOption>({
  words: ['backup', 'delete'],
  summary: 'delete a recovery point; points that build on it keep their content',
  flags: (command) => backupIdFlag(repositoryFlag(command)),
  async run(session, options) {
    await session.catalog();
    const open = await openRepository(session, options, session.drivers());
    const point = findPoint(await readPoints(open.repository, session.call), options.backupId);
    const { removed, freedBytes } = await maintenanceOf(open.repository).delete(point.id, session.call);
    const findings = await noteChange(session, open, point.machine);
    return {
      json: { removed: [...removed], freedBytes, findings: describeFindings(findings) },
      lines: [`deleted ${removed.join(', ')}; ${formatBytes(freedBytes)} freed`, ...findingLines(findings)],
    };
  },
});
