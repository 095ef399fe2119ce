import { describePoint } from '../output/describe-point.ts';
import { parseText } from '../program/flag-values.ts';
import {
  type BackupIdOption,
  backupIdFlag,
  type RepositoryOption,
  repositoryFlag,
} from '../program/shared-flags.ts';
import { annotate } from '../session/annotate.ts';
import { defineVerb } from '../verb.ts';

/** `backup hold` */
export const backupHold = defineVerb<RepositoryOption & BackupIdOption & { readonly note?: string }>({
  words: ['backup', 'hold'],
  summary: 'pin a recovery point: prune and delete leave it alone',
  flags: (command) =>
    backupIdFlag(repositoryFlag(command)).option(
      '--note <text>',
      'a sentence kept with the point',
      parseText,
    ),
  async run(session, options) {
    const change = { held: true, ...(options.note === undefined ? {} : { note: options.note }) };
    const { point, path } = await annotate(session, options, change);
    return { json: describePoint(point, path), lines: [`${point.id} is held`] };
  },
});
