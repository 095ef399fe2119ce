import { readImageInfo } from '@sendense/formats';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { formatBytes } from '../output/human-size.ts';
import { type ImageOption, imageArgument } from '../program/image-flags.ts';
import { pathOf } from '../session/open-image.ts';
import { defineVerb } from '../verb.ts';

/** `image info` */
export const imageInfo = defineVerb<ImageOption>({
  words: ['image', 'info'],
  summary: 'tell what a disk file is, without opening another one',
  flags: imageArgument,
  async run(session, { file, format }) {
    const { warnings, ...info } = await readImageInfo(pathOf(session, file), { ...(format && { format }) });
    return {
      json: { ...info, warnings: describeFindings(warnings) },
      lines: [
        `format     ${info.format}${info.subformat === null ? '' : ` (${info.subformat})`}`,
        `size       ${formatBytes(info.virtualSizeBytes)} (${info.virtualSizeBytes} bytes)`,
        `file       ${formatBytes(info.fileSizeBytes)}, ${formatBytes(info.allocatedBytes)} on disk`,
        `cluster    ${info.clusterBytes === null ? '-' : formatBytes(info.clusterBytes)}`,
        `backing    ${info.backing ?? '-'}`,
        `dirty      ${info.dirty ? 'yes' : 'no'}`,
        ...findingLines(warnings),
      ],
    };
  },
});
