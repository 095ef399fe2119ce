import { type MachineKey, type RetentionPolicy, SendenseError } from '@sendense/core';
import type { Command } from 'commander';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { formatBytes } from '../output/human-size.ts';
import { parseCount } from '../program/flag-values.ts';
import {
  type MachineOption,
  machineFlag,
  type RepositoryOption,
  repositoryFlag,
} from '../program/shared-flags.ts';
import { machinePoints } from '../session/machine-points.ts';
import { noteChange } from '../session/maintain.ts';
import { openEngine } from '../session/open-engine.ts';
import { type OpenRepository, openRepository } from '../session/open-repository.ts';
import type { Session } from '../session/session.ts';
import { defineVerb } from '../verb.ts';

const RULES = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

type Options = RepositoryOption &
  MachineOption & {
    readonly [Rule in `keep${Capitalize<(typeof RULES)[number]>}`]?: number;
  } & { readonly dryRun?: true };

function flags(command: Command): Command {
  machineFlag(repositoryFlag(command), 'only this machine');
  for (const rule of RULES) {
    const text =
      rule === 'last'
        ? 'keep the newest N points'
        : `keep the newest point of each of the last N ${rule} periods`;
    command.option(`--keep-${rule} <n>`, text, parseCount);
  }
  return command.option('--dry-run', 'tell what would go; remove nothing');
}

/** Throws `CONFIG_INVALID` for flags that would keep nothing. */
function policyOf(options: Options): RetentionPolicy {
  const { keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly } = options;
  const counts = [keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly];
  if (!counts.some((count) => count !== undefined && count > 0)) throw keepsNothing();
  return {
    ...(keepLast === undefined ? {} : { last: keepLast }),
    ...(keepHourly === undefined ? {} : { hourly: keepHourly }),
    ...(keepDaily === undefined ? {} : { daily: keepDaily }),
    ...(keepWeekly === undefined ? {} : { weekly: keepWeekly }),
    ...(keepMonthly === undefined ? {} : { monthly: keepMonthly }),
    ...(keepYearly === undefined ? {} : { yearly: keepYearly }),
  };
}

function keepsNothing(): SendenseError {
  return new SendenseError('CONFIG_INVALID', 'no --keep flag keeps anything', {
    operation: 'parse-arguments',
    remedy: 'say what to keep, e.g. --keep-last 7 or --keep-daily 7 --keep-weekly 4',
  });
}

async function machineOf(
  session: Session,
  open: OpenRepository,
  name: string | undefined,
): Promise<MachineKey | undefined> {
  if (name === undefined) return undefined;
  return (await machinePoints(session, open, name))[0]?.machine;
}

/** `prune` */
export const prune = defineVerb<Options>({
  words: ['prune'],
  summary: 'remove recovery points that no rule keeps; at least one --keep flag is needed',
  flags,
  async run(session, options) {
    const policy = policyOf(options);
    const catalog = await session.catalog();
    const open = await openRepository(session, options, session.drivers());
    const machine = await machineOf(session, open, options.machine);
    const engine = await openEngine(session, {});
    const dryRun = options.dryRun === true;
    const result = await engine.prune(
      {
        repository: open.repository,
        policy,
        dryRun,
        ...(machine === undefined ? {} : { machine }),
      },
      session.call,
    );
    const { kept, removed, freedBytes } = result;
    if (removed.length > 0 && !dryRun) await catalog.points.rebuild([open.repository]);
    const findings = [...result.findings, ...(dryRun ? [] : await noteChange(session, open))];
    const done = dryRun ? 'would be removed' : 'removed';
    return {
      json: { kept: [...kept], removed: [...removed], freedBytes, findings: describeFindings(findings) },
      lines: [
        `${kept.length} kept, ${removed.length} ${done}, ${formatBytes(freedBytes)} ${dryRun ? 'to free' : 'freed'}`,
        ...removed.map((id) => `  ${id}`),
        ...findingLines(findings),
      ],
    };
  },
});
