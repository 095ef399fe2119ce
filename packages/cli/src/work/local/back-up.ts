import { SendenseError } from '@sendense/core';
import type { BackupRequest } from '@sendense/engine';
import type { ResolvedSource } from '@sendense/quickstart';
import { missingFlag } from '../../names/find-place.ts';
import { describeBackup, describeForecast } from '../../output/describe-backup.ts';
import { errorReport } from '../../output/error-report.ts';
import { askedConsistency } from '../../session/asked-consistency.ts';
import { noteChange } from '../../session/maintain.ts';
import { openEngine } from '../../session/open-engine.ts';
import { type OpenRepository, openRepository } from '../../session/open-repository.ts';
import { openSource, openSources } from '../../session/open-source.ts';
import type { Session } from '../../session/session.ts';
import { hooksOf } from '../../session/with-hooks.ts';
import type { BackupStartOptions } from '../../verbs/backup-start-flags.ts';
import type { BackupOutcome } from '../work.ts';

/** Backs machines up, or tells what that would make. */
export async function backUp(session: Session, options: BackupStartOptions): Promise<BackupOutcome> {
  await session.catalog();
  const open = await openRepository(session, options);
  const [name, ...others] = sourceNames(session, options);
  if (name === undefined) throw missingFlag('source');
  if (others.length > 0) return backUpSeveral(session, open, [name, ...others], options);
  const source = await openSource(session, name, options, options.machine);
  if (options.dryRun === true) return plan(session, open, source, options);
  return backUpOne(session, open, source, options);
}

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
): Promise<BackupOutcome> {
  const engine = await openEngine(session, {});
  const forecast = await engine.planBackup(requestOf(session, open, from, options), session.call);
  return { forecast: describeForecast(forecast, from.machine.name) };
}

async function backUpOne(
  session: Session,
  open: OpenRepository,
  from: ResolvedSource,
  options: BackupStartOptions,
): Promise<BackupOutcome> {
  const engine = await openEngine(session, { requestedType: options.type });
  const result = await engine.backup(requestOf(session, open, from, options), session.call);
  const findings = [...result.findings, ...(await noteChange(session, open, result.machine))];
  return { made: describeBackup(result, open.path, findings) };
}

async function backUpSeveral(
  session: Session,
  open: OpenRepository,
  names: readonly string[],
  options: BackupStartOptions,
): Promise<BackupOutcome> {
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
    results: succeeded.map((result) => describeBackup(result, open.path, result.findings)),
    failures: all.map(({ machine, error }) => ({ machine, error: errorReport(error) })),
  };
}
