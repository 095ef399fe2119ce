import { createRepository } from '@sendense/quickstart';
import type { Command } from 'commander';
import { parseBytes, parsePositive, parseSpan, parseText } from '../program/flag-values.ts';
import { type PassphraseOption, passphraseFlag, REPOSITORY_FORMS } from '../program/shared-flags.ts';
import { noteChange } from '../session/maintain.ts';
import { keepRepository, repositoryServices, repositoryText } from '../session/open-repository.ts';
import { askPassphrase, refuseUselessPassphrase } from '../session/passphrase.ts';
import { trustedHeadOf } from '../session/trusted-head.ts';
import { defineVerb } from '../verb.ts';

const HOUR_MS = 3_600_000;

type Options = PassphraseOption & {
  readonly repository: string;
  readonly chunkSize?: number;
  readonly grace?: number;
  readonly retain?: number;
};

function flags(command: Command): Command {
  return passphraseFlag(command.requiredOption('--repository <repository>', REPOSITORY_FORMS, parseText))
    .option(
      '--chunk-size <bytes>',
      'objects only, for good: what is deduplicated, a power of two from 64K to 16M (default: 1M)',
      parseBytes,
    )
    .option(
      '--grace <hours>',
      'objects only, for good: how long prune leaves what no point needs; a backup may take half of it (default: 168)',
      parsePositive,
    )
    .option(
      '--retain <time>',
      'objects only, for good: how long nobody can delete a point, e.g. 30d; needs a store with object lock, such as s3://…?objectLock=compliance',
      parseSpan,
    );
}

/** What only the person who makes an encrypted repository can still do for it. */
const KEY_ADVICE = [
  'Everything in it is encrypted: without the passphrase nobody can read it, and nobody can recover the passphrase.',
  'Add a second key and keep it elsewhere: "sendense-ctl repository key add".',
  'Who reads the passphrase can read all points: keep it apart from the storage.',
];

/** `repository init` */
export const repositoryInit = defineVerb<Options>({
  words: ['repository', 'init'],
  summary: 'make an empty repository',
  flags,
  async run(session, options) {
    await session.catalog();
    const text = repositoryText(session, options.repository);
    const { chunkSize, grace, retain, passphraseFile: file } = options;
    refuseUselessPassphrase(session, text, { file });
    const made = await createRepository(
      text,
      {
        workingDirectory: session.host.workingDirectory,
        environment: session.host.env,
        passphrase: askPassphrase(session, { file }),
        ...(chunkSize === undefined ? {} : { chunkBytes: chunkSize }),
        ...(grace === undefined ? {} : { graceMs: grace * HOUR_MS }),
        ...(retain === undefined ? {} : { retainMs: retain }),
        ...trustedHeadOf(session, text),
      },
      await repositoryServices(session, text),
      session.call,
    );
    const open = keepRepository(session, made);
    await noteChange(session, open);
    const { repository, path, location } = open;
    return {
      json: { repositoryId: repository.id, path, location },
      lines: [
        `repository ${repository.id} made in ${path}`,
        ...(repository.capabilities.encryption ? KEY_ADVICE : []),
      ],
    };
  },
});
