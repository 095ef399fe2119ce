import { checkDiskImage } from '@sendense/formats';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { type ImageOption, imageArgument, type ParentsOption, parentsFlag } from '../program/image-flags.ts';
import { callWithProgress } from '../session/call-with-progress.ts';
import { imageAccess, pathOf, refuseRunning } from '../session/open-image.ts';
import { defineVerb } from '../verb.ts';

/** `image check` */
export const imageCheck = defineVerb<ImageOption & ParentsOption>({
  words: ['image', 'check'],
  summary: 'check the structure of a disk file',
  flags: (command) => parentsFlag(imageArgument(command)),
  async run(session, options) {
    const { file, format } = options;
    const { parents } = await imageAccess(session, options);
    const path = pathOf(session, file);
    await refuseRunning([path]);
    const { errors, leaks, findings } = await checkDiskImage(path, {
      ...callWithProgress(session, file, 'check'),
      parents,
      ...(format && { format }),
    });
    const sound = leaks === 0 ? 'no damage' : `no damage; ${leaks} leaks: room that nothing uses`;
    return {
      json: { errors, leaks, findings: describeFindings(findings) },
      lines: [...findingLines(findings), errors === 0 ? sound : `damage found: ${errors} errors`],
      exitCode: errors === 0 ? 0 : 3,
    };
  },
});
