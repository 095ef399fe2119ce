import { type PointId, type RepositoryMaintenance, SendenseError } from '@sendense/core';
import type { Command } from 'commander';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { formatBytes } from '../output/human-size.ts';
import { parseText } from '../program/flag-values.ts';
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

type Options = RepositoryOption & BackupIdOption & { readonly onto?: string };

function flags(command: Command): Command {
  return backupIdFlag(repositoryFlag(command)).option(
    '--onto <id>',
    'merge the points between this one and --backup-id into --backup-id (default: make it a full)',
    parseText,
  );
}

function consolidate(maintenance: RepositoryMaintenance): NonNullable<RepositoryMaintenance['consolidate']> {
  if (maintenance.consolidate !== undefined) return maintenance.consolidate.bind(maintenance);
  throw new SendenseError('UNSUPPORTED', 'this repository does not consolidate', {
    operation: 'consolidate',
    remedy: 'take a full backup instead',
  });
}

/** `backup consolidate` */
export const backupConsolidate = defineVerb<Options>({
  words: ['backup', 'consolidate'],
  summary: 'make a recovery point stand alone, or merge points into it; its content stays',
  flags,
  async run(session, options) {
    await session.catalog();
    const open = await openRepository(session, options, session.drivers());
    const points = await readPoints(open.repository, session.call);
    const point = findPoint(points, options.backupId);
    const onto: PointId | undefined =
      options.onto === undefined ? undefined : findPoint(points, options.onto).id;
    const report = await consolidate(maintenanceOf(open.repository))(
      onto === undefined
        ? { kind: 'synthetic-full', point: point.id }
        : { kind: 'merge', point: point.id, onto },
      session.call,
    );
    const { storedBytes, freedBytes } = report;
    const findings = [...report.findings, ...(await noteChange(session, open, point.machine))];
    return {
      json: {
        pointId: report.point.id,
        bytesStored: storedBytes,
        freedBytes,
        findings: describeFindings(findings),
      },
      lines: [
        `consolidated ${report.point.id}: ${formatBytes(storedBytes)} stored, ${formatBytes(freedBytes)} freed`,
        ...findingLines(findings),
      ],
    };
  },
});
