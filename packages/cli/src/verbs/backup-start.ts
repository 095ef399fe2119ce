import { SendenseError } from '@sendense/core';
import type { BackupRequest } from '@sendense/engine';
import type { ResolvedSource } from '@sendense/quickstart';
import { missingFlag } from '../names/find-place.ts';
import { backupLines, describeBackup, describeForecast, forecastLines } from '../output/describe-backup.ts';
import { errorLine, errorReport } from '../output/error-report.ts';
import { askedConsistency } from '../session/asked-consistency.ts';
import { noteChange } from '../session/maintain.ts';
import { openEngine } from '../session/open-engine.ts';
import { type OpenRepository, openRepository } from '../session/open-repository.ts';
import { openSource, openSources } from '../session/open-source.ts';
import type { Session } from '../session/session.ts';
import { hooksOf } from '../session/with-hooks.ts';
import { defineVerb, type VerbResult } from '../verb.ts';
import { type BackupStartOptions, backupStartFlags } from './backup-start-flags.ts';

/** `backup start` */
export const backupStart = defineVerb<BackupStartOptions>({
  words: ['backup', 'start'],
  summary: 'back up the disks of a machine',
  flags: backupStartFlags,
  async run(session, options) {
    await session.catalog();
    const open = await openRepository(session, options);
    const [name, ...others] = sourceNames(session, options);
    if (name === undefined) throw missingFlag('source');
    if (others.length > 0) return backUpSeveral(session, open, [name, ...others], options);
    const source = await openSource(session, name, options, options.machine);
    if (options.dryRun === true) return plan(session, open, source, options);
    return backUpOne(session, open, source, options);
  },
});

/** `--source`; else the entry of the configuration that bears the name of the machine, else the default. */
function sourceNames(session: Session, options: BackupStartOptions): readonly string[] {
  if (options.source !== undefined) {
    if (options.source.length === 1 || (options.machineId ?? options.dryRun) === undefined)
      return options.source;
    throw new SendenseError('CONFIG_INVALID', '--machine-id and --dry-run take one --source', {
      operation: 'parse-arguments',
      remedy: 'call the verb once for each source',
    });
  }
  const { sources, defaults } = session.config;
  if (options.machine !== undefined && Object.hasOwn(sources, options.machine)) return [options.machine];
  if (defaults.source === undefined) throw missingFlag('source');
  return [defaults.source];
}

function requestOf(
  session: Session,
  open: OpenRepository,
  from: ResolvedSource,
  options: BackupStartOptions,
): BackupRequest {
  const hooks = hooksOf(session, options);
  return {
    source: from.source,
    machine: from.machine.machine,
    machineKey: from.machineKey,
    repository: open.repository,
    type: options.type,
    allowFull: options.allowFull === true,
    consistency: askedConsistency(options),
    ...(options.excludeDisk === undefined ? {} : { excludeDisks: options.excludeDisk }),
    ...(options.rate === undefined ? {} : { rateBytesPerSecond: options.rate }),
    ...(options.parallel === undefined ? {} : { parallelDisks: options.parallel }),
    ...(options.note === undefined ? {} : { note: options.note }),
    ...(hooks === undefined ? {} : { hooks }),
  };
}

async function plan(
  session: Session,
  open: OpenRepository,
  from: ResolvedSource,
  options: BackupStartOptions,
): Promise<VerbResult> {
  const engine = await openEngine(session, {});
  const forecast = await engine.planBackup(requestOf(session, open, from, options), session.call);
  return {
    json: describeForecast(forecast, from.machine.name),
    lines: forecastLines(forecast, from.machine.name),
  };
}

async function backUpOne(
  session: Session,
  open: OpenRepository,
  from: ResolvedSource,
  options: BackupStartOptions,
): Promise<VerbResult> {
  const engine = await openEngine(session, { requestedType: options.type });
  const result = await engine.backup(requestOf(session, open, from, options), session.call);
  const findings = [...result.findings, ...(await noteChange(session, open, result.machine))];
  return { json: describeBackup(result, open.path, findings), lines: backupLines(result, findings) };
}

async function backUpSeveral(
  session: Session,
  open: OpenRepository,
  names: readonly string[],
  options: BackupStartOptions,
): Promise<VerbResult> {
  const { sources, unopened } = await openSources(session, names, options);
  const engine = await openEngine(session, { requestedType: options.type });
  const { parallel: parallelMachines } = options;
  const { succeeded, failed } = await engine.backupMany(
    sources.map((from) => requestOf(session, open, from, options)),
    { ...session.call, ...(parallelMachines === undefined ? {} : { parallelMachines }) },
  );
  for (const { machine } of succeeded) await noteChange(session, open, machine);
  const all = [...unopened, ...failed.map(({ machine, error }) => ({ machine: machine.id, error }))];
  const aborted = failed.find(({ error }) => error.code === 'ABORTED');
  if (aborted !== undefined && session.stop.received() !== undefined) throw aborted.error;
  return {
    json: {
      results: succeeded.map((result) => describeBackup(result, open.path, result.findings)),
      failures: all.map(({ machine, error }) => ({ machine, error: errorReport(error) })),
    },
    lines: [
      ...succeeded.flatMap((result) => backupLines(result, result.findings)),
      ...all.map(({ machine, error }) => `${machine}: ${errorLine(error)}`),
    ],
    exitCode: all.length === 0 ? 0 : 1,
  };
}
