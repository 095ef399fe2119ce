import { resolve } from 'node:path';
import { Secret, SendenseError } from '@sendense/core';
import { readSecretFile } from '@sendense/plugin-kit';
import { type AskPassphrase, parseRepositoryPlace, repositoryLocation } from '@sendense/quickstart';
import { configuredSetting } from './configured-repository.ts';
import type { Session } from './session.ts';

/** Where the passphrase of one repository may come from, besides the configuration and the prompt. */
export type PassphraseSources = {
  /** `--passphrase-file`. */
  readonly file?: string | undefined;
  /** A variable that comes before `SENDENSE_PASSPHRASE`, where a verb needs several passphrases. */
  readonly variable?: string;
  /** What is asked for on a terminal. Default: the passphrase of the repository. */
  readonly question?: string;
};

const COMMON_VARIABLE = 'SENDENSE_PASSPHRASE';

/**
 * Asks for a passphrase: the flag's file, the file that the configuration names for the repository, the environment, the
 * terminal (twice for a new one). Never an argument: those are seen by every user of the machine.
 */
export function askPassphrase(session: Session, sources: PassphraseSources): AskPassphrase {
  return async ({ location, use }) => {
    const file = sources.file ?? configuredSetting(session, location, 'passphraseFile');
    if (file !== undefined) return fromFile(resolve(session.host.workingDirectory, file));
    const text = fromEnvironment(session, sources);
    if (text !== undefined) return new Secret(text);
    return fromTerminal(session, sources.question ?? `passphrase of ${location}`, use === 'create');
  };
}

/**
 * Refuses a file with a passphrase, of the flag or of the configuration, for a repository that encrypts nothing: whoever gives one
 * takes it to be encrypted. Throws `CONFIG_INVALID`.
 */
export function refuseUselessPassphrase(
  session: Session,
  text: string,
  { file }: Pick<PassphraseSources, 'file'>,
): void {
  const place = parseRepositoryPlace(text, session.host.workingDirectory);
  if (place.kind !== 'local') return;
  if ((file ?? configuredSetting(session, repositoryLocation(place), 'passphraseFile')) === undefined) return;
  throw new SendenseError('CONFIG_INVALID', `${place.path} names a repository that encrypts nothing`, {
    operation: 'open-repository',
    remedy: `for an encrypted repository name it dir:${place.path}; for this one leave out the file with the passphrase`,
    context: { path: place.path },
  });
}

/** A new passphrase for a repository that is open already. */
export function askNewPassphrase(
  session: Session,
  file: string | undefined,
  location: string,
): Promise<Secret> {
  // The old one's file and variable would only add the same passphrase again.
  if (file !== undefined) return fromFile(resolve(session.host.workingDirectory, file));
  const text = session.host.env.SENDENSE_NEW_PASSPHRASE;
  if (text !== undefined && text !== '') return Promise.resolve(new Secret(text));
  return fromTerminal(session, `new passphrase of ${location}`, true);
}

async function fromFile(path: string): Promise<Secret> {
  const secret = await readSecretFile(path);
  if (secret.reveal() !== '') return secret;
  throw new SendenseError('CONFIG_INVALID', `${path} holds no passphrase`, {
    operation: 'read-passphrase',
    remedy: 'write the passphrase into the file as its only line',
  });
}

function fromEnvironment({ host: { env } }: Session, { variable }: PassphraseSources): string | undefined {
  const names = variable === undefined ? [COMMON_VARIABLE] : [variable, COMMON_VARIABLE];
  return names.map((name) => env[name]).find((text) => text !== undefined && text !== '');
}

async function fromTerminal({ host, stop }: Session, question: string, isNew: boolean): Promise<Secret> {
  const { askHidden } = host;
  if (askHidden === undefined) throw noTerminal(question);
  const text = await askHidden(`${question}: `, stop.signal);
  if (text === '') throw refused('the passphrase is empty');
  if (isNew && (await askHidden('the same again: ', stop.signal)) !== text)
    throw refused('the two passphrases differ');
  return new Secret(text);
}

function noTerminal(question: string): SendenseError {
  return new SendenseError(
    'KEY_UNAVAILABLE',
    `nobody can be asked for the ${question}: there is no terminal`,
    {
      operation: 'read-passphrase',
      remedy: 'set SENDENSE_PASSPHRASE, or give --passphrase-file FILE',
    },
  );
}

function refused(message: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', message, {
    operation: 'read-passphrase',
    remedy: 'run the command again',
  });
}
