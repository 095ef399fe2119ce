import type { CopyPointsResult } from '@sendense/engine';
import type { Command } from 'commander';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { errorLine, errorReport } from '../output/error-report.ts';
import { formatBytes } from '../output/human-size.ts';
import { collectText, parseBytes, parsePositive, parseText } from '../program/flag-values.ts';
import {
  type MachineOption,
  machineFlag,
  REPOSITORY_FORMS,
  type RetainOption,
  retainFlag,
} from '../program/shared-flags.ts';
import { findPoint, readPoints } from '../session/find-points.ts';
import { machinePoints } from '../session/machine-points.ts';
import { noteChange } from '../session/maintain.ts';
import { openEngine } from '../session/open-engine.ts';
import { openNamed } from '../session/open-repository.ts';
import { defineVerb, type VerbResult } from '../verb.ts';

type Options = MachineOption &
  RetainOption & {
    readonly from: string;
    readonly to: string;
    readonly point?: readonly string[];
    readonly fromPassphraseFile?: string;
    readonly toPassphraseFile?: string;
    readonly verify: boolean;
    readonly rate?: number;
    readonly parallel?: number;
  };

function flags(command: Command): Command {
  const ends = [
    ['from', 'FROM', 'where the points are'],
    ['to', 'TO', 'where they go'],
  ] as const;
  for (const [end, upper, meaning] of ends)
    command
      .requiredOption(`--${end} <repository>`, `${meaning}: ${REPOSITORY_FORMS}`, parseText)
      .option(
        `--${end}-passphrase-file <file>`,
        `file with its passphrase (default: SENDENSE_${upper}_PASSPHRASE, SENDENSE_PASSPHRASE, else a prompt)`,
        parseText,
      );
  return machineFlag(retainFlag(command), 'only points of this machine')
    .option('--point <id>', 'only this point; may be repeated', collectText)
    .option('--no-verify', 'do not read the copies back')
    .option('--rate <bytes>', 'most bytes a second, e.g. 50M', parseBytes)
    .option('--parallel <n>', 'disks at once', parsePositive);
}

/** `copy` */
export const copy = defineVerb<Options>({
  words: ['copy'],
  summary: 'copy points to another repository of any kind: those that it does not hold',
  flags,
  async run(session, options) {
    await session.catalog();
    const { fromPassphraseFile, toPassphraseFile, rate, parallel } = options;
    const from = await openNamed(session, options.from, {
      file: fromPassphraseFile,
      variable: 'SENDENSE_FROM_PASSPHRASE',
    });
    const to = await openNamed(
      session,
      options.to,
      { file: toPassphraseFile, variable: 'SENDENSE_TO_PASSPHRASE' },
      { retain: options.retain },
    );
    const all = await readPoints(from.repository, session.call);
    const machine =
      options.machine === undefined
        ? undefined
        : (await machinePoints(session, from, options.machine))[0]?.machine;
    const engine = await openEngine(session, {});
    const result = await engine.copy(
      {
        from: from.repository,
        to: to.repository,
        verify: options.verify,
        ...(options.point === undefined ? {} : { points: options.point.map((id) => findPoint(all, id).id) }),
        ...(machine === undefined ? {} : { machine }),
        ...(rate === undefined ? {} : { rateBytesPerSecond: rate }),
        ...(parallel === undefined ? {} : { parallelDisks: parallel }),
      },
      session.call,
    );
    const copied = new Set(result.copied);
    const machines = new Set(all.filter(({ id }) => copied.has(id)).map((point) => point.machine));
    for (const each of machines) await noteChange(session, to, each);
    return describe(result, to.path);
  },
});

function describe(result: CopyPointsResult, path: string): VerbResult {
  const { copied, skipped, failed, bytesStored, findings } = result;
  return {
    json: {
      jobId: result.jobId,
      copied: copied.length,
      skipped: skipped.length,
      bytesStored,
      bytesRead: result.bytesRead,
      verified: result.verified,
      points: [...copied],
      failures: failed.map(({ point, error }) => ({ point, error: errorReport(error) })),
      findings: describeFindings(findings),
    },
    lines: [
      `${copied.length} copied to ${path}, ${skipped.length} skipped, ${formatBytes(bytesStored)} stored${result.verified ? ', verified' : ''}`,
      ...copied.map((id) => `  ${id}`),
      ...failed.map(({ point, error }) => `${point}: ${errorLine(error)}`),
      ...findingLines(findings),
    ],
    exitCode: failed.length === 0 ? 0 : failed.some(({ error }) => error.code === 'CORRUPT') ? 3 : 1,
  };
}
