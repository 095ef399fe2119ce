import { restoreLines } from '../output/describe-restore.ts';
import { defineServedVerb } from '../verb.ts';
import { type RestoreStartOptions, restoreStartFlags } from './restore-start-flags.ts';

/** `restore start` */
export const restoreStart = defineServedVerb<RestoreStartOptions>({
  words: ['restore', 'start'],
  summary: 'write the disks of a recovery point to a target and read them back',
  flags: restoreStartFlags,
  served: ['--repository', '--backup-id', '--target', '--disk', '--overwrite', '--no-verify'],
  async runBy(work, options) {
    const restored = await work.restore(options);
    return { json: restored, lines: restoreLines(restored) };
  },
});
