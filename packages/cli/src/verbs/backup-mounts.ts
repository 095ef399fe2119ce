import { listMounts } from '@sendense/file-mount';
import { describeMounts, mountLines } from '../output/describe-mounts.ts';
import { mountsDirectory } from '../session/mount-place.ts';
import { defineVerb } from '../verb.ts';

/** `backup mounts` */
export const backupMounts = defineVerb({
  words: ['backup', 'mounts'],
  summary: 'list what "backup mount" has mounted',
  flags: (command) => command,
  async run(session) {
    const mounts = await listMounts(mountsDirectory(session));
    return { json: { mounts: describeMounts(mounts) }, lines: mountLines(mounts) };
  },
});
