import { describePoint } from '../output/describe-point.ts';
import {
  type BackupIdOption,
  backupIdFlag,
  type RepositoryOption,
  repositoryFlag,
} from '../program/shared-flags.ts';
import { annotate } from '../session/annotate.ts';
import { defineVerb } from '../verb.ts';

/** `backup note` */
export const backupNote = defineVerb<RepositoryOption & BackupIdOption & { readonly note?: string }>({
  words: ['backup', 'note'],
  summary: 'keep a sentence with a recovery point, or remove it',
  flags: (command) =>
    backupIdFlag(repositoryFlag(command)).option('--note <text>', 'the sentence (without it: removed)'),
  async run(session, options) {
    const text = options.note === undefined || options.note === '' ? null : options.note;
    const { point, path } = await annotate(session, options, { note: text });
    return {
      json: describePoint(point, path),
      lines: [text === null ? `the note on ${point.id} is removed` : `${point.id}: ${text}`],
    };
  },
});
