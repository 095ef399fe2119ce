import { Secret, SendenseError } from '@sendense/core';
import type { Environment } from '@sendense/plugin-kit';

/** For which repository a passphrase is wanted, and what for: a new one is best asked for twice. */
export type PassphraseRequest = { readonly location: string; readonly use: 'open' | 'create' };

/** Gives the passphrase of an object repository. Rejects with `KEY_UNAVAILABLE` where there is none. */
export type AskPassphrase = (request: PassphraseRequest) => Promise<Secret>;

/** The passphrase in `SENDENSE_PASSPHRASE`. */
export function passphraseOfEnvironment(environment: Environment): AskPassphrase {
  return async ({ location }) => {
    const { SENDENSE_PASSPHRASE: text } = environment;
    if (text !== undefined && text !== '') return new Secret(text);
    throw new SendenseError('KEY_UNAVAILABLE', `no passphrase was given for ${location}`, {
      operation: 'read-passphrase',
      remedy: 'give the option "passphrase", or set SENDENSE_PASSPHRASE',
      context: { location },
    });
  };
}
