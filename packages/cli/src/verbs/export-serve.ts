import { once } from 'node:events';
import { SendenseError } from '@sendense/core';
import { type NbdService, type RepositoryRequest, startNbdService } from '@sendense/nbd-service';
import { parseRepositoryPlace, repositoryLocation } from '@sendense/quickstart';
import type { Command } from 'commander';
import { describeExports, exportLines } from '../output/describe-exports.ts';
import type { CommonOptions } from '../program/common-flags.ts';
import { exportAddress, exportOptions } from '../session/export-place.ts';
import { exportTls } from '../session/export-tls.ts';
import { resolveNamed } from '../session/open-repository.ts';
import type { Session } from '../session/session.ts';
import { defineVerb } from '../verb.ts';

type Options = CommonOptions & { readonly untilEmpty?: true };

function flags(command: Command): Command {
  return command.option('--until-empty', 'end when the last export was removed');
}

/** `export serve` */
export const exportServe = defineVerb<Options>({
  words: ['export', 'serve'],
  summary: 'serve all exports until SIGINT or SIGTERM; SIGHUP reads their folder again',
  flags,
  async run(session, { json, untilEmpty }) {
    let service: NbdService | undefined;
    // before it starts: a SIGHUP that nobody listens for would end it; what is refused is in the log
    const endHangup = session.host.onHangup(() => {
      service?.reload().catch((error: unknown) => tell(session, error));
    });
    service = session.own(await start(session, untilEmpty === true));
    printExports(session, service, json === true);
    await untilStopped(session, service);
    endHangup();
    await service.stop();
    return { json: { exports: [] }, lines: [] };
  },
});

function printExports({ host }: Session, { exports }: NbdService, json: boolean): void {
  const lines = json ? [JSON.stringify({ exports: describeExports(exports) })] : exportLines(exports);
  for (const line of lines) host.stdout.write(`${line}\n`);
}

async function start(session: Session, endWhenEmpty: boolean): Promise<NbdService> {
  const address = exportAddress(session);
  const tls = await exportTls(session);
  return startNbdService(
    { ...exportOptions(session), endWhenEmpty, ...(address && { address }) },
    {
      openRepository: (request) => openRepository(session, request),
      drivers: session.drivers(),
      log: session.log,
      ...(tls && { tls }),
    },
  );
}

async function openRepository(
  session: Session,
  { repository, passphraseFile: file, confine }: RepositoryRequest,
) {
  await confineRepository(session, repository, confine);
  return (await resolveNamed(session, repository, { file }, { drivers: session.drivers() })).repository;
}

/** A repository of the configuration may be anywhere; others only in the folders that exports may name, never in a service. */
async function confineRepository(
  session: Session,
  name: string,
  confine: RepositoryRequest['confine'],
): Promise<void> {
  const { config, host } = session;
  if (config.exports.roots === undefined || Object.hasOwn(config.repositories, name)) return;
  const placeOf = (text: string) => parseRepositoryPlace(text, host.workingDirectory);
  const place = placeOf(name);
  const location = repositoryLocation(place);
  if (Object.values(config.repositories).some(({ at }) => repositoryLocation(placeOf(at)) === location))
    return;
  if ('path' in place) {
    await confine(place.path);
    return;
  }
  throw new SendenseError('PERMISSION_DENIED', `${location} is no repository of the configuration`, {
    operation: 'open-export',
    remedy: 'add it to "repositories" of the configuration, because "exports.roots" is set',
  });
}

async function untilStopped({ stop }: Session, service: NbdService): Promise<void> {
  const ended = new AbortController();
  void service.ended.then(() => ended.abort());
  const either = AbortSignal.any([stop.signal, ended.signal]);
  if (!either.aborted) await once(either, 'abort');
}

function tell(session: Session, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  session.log({ level: 'error', message: `the exports could not be read again: ${message}`, fields: {} });
}
