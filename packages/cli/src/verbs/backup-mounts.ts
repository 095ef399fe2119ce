import { findingLines } from '../output/describe-findings.ts';
import { mountLines } from '../output/describe-mounts.ts';
import { defineServedVerb } from '../verb.ts';

/** `backup mounts` */
export const backupMounts = defineServedVerb({
  words: ['backup', 'mounts'],
  summary: 'list what "backup mount" has mounted',
  flags: (command) => command,
  served: [],
  async runBy(work) {
    const listed = await work.listMounts();
    return { json: listed, lines: [...mountLines(listed.mounts), ...findingLines(listed.findings)] };
  },
});
