import { type Repository, SendenseError, type SourceConnector, type TargetConnector } from '@sendense/core';
import { type ReconciledMounts, reconcileMounts } from '@sendense/file-mount';
import { parsePlaceName, parseVmwarePlace } from '@sendense/quickstart';
import type { Command } from 'commander';
import { findPlace } from '../names/find-place.ts';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { asSendenseError } from '../output/error-report.ts';
import { collectText, parseCount } from '../program/flag-values.ts';
import { passwordFlag, type RepositoryOption, repositoryFlag } from '../program/shared-flags.ts';
import { mountsDirectory } from '../session/mount-place.ts';
import { openEngine } from '../session/open-engine.ts';
import { openRepository } from '../session/open-repository.ts';
import { openConnector } from '../session/open-source.ts';
import { openTarget } from '../session/open-target.ts';
import type { Session } from '../session/session.ts';
import type { PasswordOption } from '../session/vmware-account.ts';
import { defineVerb } from '../verb.ts';

type Options = RepositoryOption &
  PasswordOption & {
    readonly source?: readonly string[];
    readonly target?: readonly string[];
    readonly grace?: number;
  };

function flags(command: Command): Command {
  return passwordFlag(repositoryFlag(command))
    .option('--source <source>', 'clean this source (default: those of the configuration)', collectText)
    .option('--target <target>', 'clean this target (default: those of the configuration)', collectText)
    .option('--grace <seconds>', 'leave younger objects alone (default: 3600)', parseCount);
}

async function repositoriesOf(session: Session, options: RepositoryOption): Promise<Repository[]> {
  const known = (await (await session.catalog()).repositories.list()).map(({ location }) => location);
  const names =
    options.repository === undefined ? known.filter((location) => location !== '') : [options.repository];
  const repositories: Repository[] = [];
  for (const name of names)
    repositories.push((await openRepository(session, { ...options, repository: name })).repository);
  return repositories;
}

async function sourcesOf(
  session: Session,
  { source: named, passwordFile }: Options,
): Promise<SourceConnector[]> {
  const sources: SourceConnector[] = [];
  const names = named ?? Object.keys(session.config.sources);
  if (passwordFile !== undefined) checkOneServer(session, names);
  const given = passwordFile === undefined ? {} : { passwordFile };
  for (const name of names) sources.push(await openConnector(session, name, given));
  return sources;
}

/** The password of one server is shown to no other. */
function checkOneServer({ config }: Session, names: readonly string[]): void {
  const servers = new Set<string>();
  for (const name of names) {
    const { kind, rest } = parsePlaceName('source', findPlace(config, 'source', name).text);
    if (kind === 'vmware') servers.add(parseVmwarePlace(rest).server.toLowerCase());
  }
  if (servers.size <= 1) return;
  const shown = [...servers].join(', ');
  throw new SendenseError('CONFIG_INVALID', `--password-file would be shown to several servers: ${shown}`, {
    operation: 'parse-arguments',
    remedy: 'name the one by --source, or give each source its passwordFile in the configuration file',
  });
}

async function targetsOf(session: Session, named: readonly string[] | undefined): Promise<TargetConnector[]> {
  const targets: TargetConnector[] = [];
  for (const name of named ?? Object.keys(session.config.targets)) {
    targets.push((await openTarget(session, { name, format: undefined, protect: [] })).target);
  }
  return targets;
}

/** Mounts that cannot be looked at are no reason to leave the rest as it is. */
async function tidyMounts(session: Session): Promise<ReconciledMounts> {
  try {
    return await reconcileMounts(mountsDirectory(session));
  } catch (error) {
    const { message } = asSendenseError(error, 'reconcile-mounts');
    const text = `mounts of this machine were not looked at: ${message}`;
    return { removed: [], findings: [{ severity: 'warning', code: 'mounts-not-reconciled', message: text }] };
  }
}

/** `reconcile` */
export const reconcile = defineVerb<Options>({
  words: ['reconcile'],
  summary: 'remove what runs that died left at sources and targets, and mounts that nobody serves',
  flags,
  async run(session, options) {
    const mounts = await tidyMounts(session);
    const engine = await openEngine(session, {});
    const result = await engine.reconcile(
      {
        repositories: await repositoriesOf(session, options),
        sources: await sourcesOf(session, options),
        targets: await targetsOf(session, options.target),
        ...(options.grace === undefined ? {} : { graceMs: options.grace * 1000 }),
      },
      session.call,
    );
    const removed = [...result.removed, ...mounts.removed.map((id) => `mount ${id}`)];
    const findings = [...result.findings, ...mounts.findings];
    return {
      json: { removed, findings: describeFindings(findings) },
      lines: [
        ...(removed.length === 0 ? ['nothing was left behind'] : removed.map((thing) => `removed ${thing}`)),
        ...findingLines(findings),
      ],
    };
  },
});
