import { describePoint } from '../output/describe-point.ts';
import {
  type BackupIdOption,
  backupIdFlag,
  type RepositoryOption,
  repositoryFlag,
} from '../program/shared-flags.ts';
import { annotate } from '../session/annotate.ts';
import { defineVerb } from '../verb.ts';

/** `backup unhold` */
export const backupUnhold = defineVerb<RepositoryOption & BackupIdOption>({
  words: ['backup', 'unhold'],
  summary: 'give a recovery point back to retention',
  flags: (command) => backupIdFlag(repositoryFlag(command)),
  async run(session, options) {
    const { point, path } = await annotate(session, options, { held: false });
    return { json: describePoint(point, path), lines: [`${point.id} is no longer held`] };
  },
});
