import { amendError, SendenseError } from '@sendense/core';
import type { Command } from 'commander';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { parseText } from '../program/flag-values.ts';
import { type RepositoryOption, repositoryFlag } from '../program/shared-flags.ts';
import { describeSlots, slotFindings, slotLines } from '../session/key-slots.ts';
import { type OpenObjects, openObjects } from '../session/object-maintenance.ts';
import { askNewPassphrase } from '../session/passphrase.ts';
import type { Session } from '../session/session.ts';
import { defineVerb, type VerbResult } from '../verb.ts';

type NewKeyOptions = RepositoryOption & { readonly newPassphraseFile?: string; readonly label?: string };

function newKeyFlags(command: Command): Command {
  return repositoryFlag(command)
    .option(
      '--new-passphrase-file <file>',
      'file with the new passphrase (default: SENDENSE_NEW_PASSPHRASE, else a prompt)',
      parseText,
    )
    .option('--label <text>', 'whose key it is; anybody who reads the storage can read it', parseText);
}

const openKeys = (session: Session, options: RepositoryOption) =>
  openObjects(session, options, 'is not encrypted: it has no keys');

async function addKey(
  session: Session,
  { open, maintenance }: OpenObjects,
  options: NewKeyOptions,
): Promise<string> {
  const passphrase = await askNewPassphrase(session, options.newPassphraseFile, open.location);
  return maintenance.addKey({ passphrase }, { label: options.label ?? '' }, session.call);
}

async function resultOf(session: Session, { maintenance }: OpenObjects, done: string[]): Promise<VerbResult> {
  const slots = await maintenance.keys(session.call);
  const findings = slotFindings(slots);
  return {
    json: { slots: describeSlots(slots), findings: describeFindings(findings) },
    lines: [...done, ...slotLines(slots), ...findingLines(findings)],
  };
}

/** `repository key list` */
export const repositoryKeyList = defineVerb<RepositoryOption>({
  words: ['repository', 'key', 'list'],
  summary: 'list the keys that open a repository',
  flags: repositoryFlag,
  run: async (session, options) => resultOf(session, await openKeys(session, options), []),
});

/** `repository key add` */
export const repositoryKeyAdd = defineVerb<NewKeyOptions>({
  words: ['repository', 'key', 'add'],
  summary: 'let a further passphrase open a repository',
  flags: newKeyFlags,
  async run(session, options) {
    const open = await openKeys(session, options);
    const id = await addKey(session, open, options);
    return resultOf(session, open, [`key ${id} added`]);
  },
});

/** `repository key remove` */
export const repositoryKeyRemove = defineVerb<RepositoryOption & { readonly keyId: string }>({
  words: ['repository', 'key', 'remove'],
  summary: 'let a passphrase open a repository no more; who used it before may have kept what it opens',
  flags: (command) => repositoryFlag(command).requiredOption('--key-id <id>', 'the key', parseText),
  async run(session, options) {
    const open = await openKeys(session, options);
    await open.maintenance.removeKey(options.keyId, session.call);
    return resultOf(session, open, [`key ${options.keyId} removed`]);
  },
});

/** `repository key rotate` */
export const repositoryKeyRotate = defineVerb<NewKeyOptions & { readonly keyId?: string }>({
  words: ['repository', 'key', 'rotate'],
  summary: 'replace a passphrase by a new one; no data is written again',
  flags: (command) =>
    newKeyFlags(command).option('--key-id <id>', 'the key that goes (default: the only one)', parseText),
  async run(session, options) {
    const open = await openKeys(session, options);
    const old = await oldKey(session, open, options.keyId);
    // the new one first: whenever this ends, a key opens the repository
    const id = await addKey(session, open, options);
    await open.maintenance.removeKey(old, session.call).catch((error: unknown) => {
      throw halfRotated(error, old, id);
    });
    return resultOf(session, open, [`key ${old} replaced by ${id}`]);
  },
});

/** The key that goes: `given`, which must be there, or the only one that opens something. */
async function oldKey(
  session: Session,
  { maintenance }: OpenObjects,
  given: string | undefined,
): Promise<string> {
  const slots = await maintenance.keys(session.call);
  if (given !== undefined) {
    if (slots.some(({ id }) => id === given)) return given;
    throw new SendenseError('NOT_FOUND', `there is no key ${JSON.stringify(given)}`, {
      operation: 'rotate-key',
      remedy: '"sendense-ctl repository key list" shows the keys; nothing was changed',
    });
  }
  const [only, ...others] = slots.filter(({ kind }) => kind !== 'unreadable');
  if (only !== undefined && others.length === 0) return only.id;
  throw new SendenseError('CONFIG_INVALID', `there are ${others.length + 1} keys`, {
    operation: 'rotate-key',
    remedy: 'say which one goes with --key-id; "sendense-ctl repository key list" shows them',
  });
}

/** Nothing silent: the new passphrase opens the repository although the rotation failed. */
function halfRotated(error: unknown, old: string, made: string): unknown {
  if (!SendenseError.is(error)) return error;
  const remove = 'sendense-ctl repository key remove --key-id';
  return amendError(error, {
    message: `${error.message}; key ${old} still opens the repository, and the new passphrase opens it already, as key ${made}`,
    remedy: `run "${remove} ${old}" where it can be removed${error.remedy === undefined ? '' : ` (${error.remedy})`}, or take the new one back with "${remove} ${made}"`,
    context: { old, made },
  });
}
