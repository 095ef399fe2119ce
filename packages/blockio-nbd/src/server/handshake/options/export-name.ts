import { encodeExportNameAnswer } from '../../../protocol/index.ts';
import type { OptionAnswer } from '../option-step.ts';

/** Option `exportName`: enters an export. It has no reply for failures, so the server hangs up. */
export const answerExportName: OptionAnswer = async (
  { exports, stream, style, noZeroes, secure, tls },
  { data },
) => {
  if (tls !== undefined && tls.required !== false && !secure) return 'end';
  const entry = exports.get(Buffer.from(data).toString('utf8'));
  // Such a client never learns of block sizes.
  if (entry === undefined || entry.sizes.minBytes > 1) return 'end';
  await stream.send(encodeExportNameAnswer(entry.sizeBytes, entry.flags(style !== 'simple'), !noZeroes));
  return entry;
};
