import type { Finding } from '@sendense/core';
import { listMounts } from '@sendense/file-mount';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { describeMounts, mountLines } from '../output/describe-mounts.ts';
import { mountsDirectory } from '../session/mount-place.ts';
import { defineVerb } from '../verb.ts';

/** `backup mounts` */
export const backupMounts = defineVerb({
  words: ['backup', 'mounts'],
  summary: 'list what "backup mount" has mounted',
  flags: (command) => command,
  async run(session) {
    const findings: Finding[] = [];
    const mounts = await listMounts(mountsDirectory(session), (finding) => findings.push(finding));
    return {
      json: { mounts: describeMounts(mounts), findings: describeFindings(findings) },
      lines: [...mountLines(mounts), ...findingLines(findings)],
    };
  },
});
