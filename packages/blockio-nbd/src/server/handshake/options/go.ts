import {
  type ExportInfo,
  encodeInfo,
  InfoType,
  OptionCode,
  OptionReplyType,
  parseGo,
} from '../../../protocol/index.ts';
import type { OpenExport } from '../../exports/open-export.ts';
import type { Negotiation } from '../negotiation.ts';
import { acknowledge, type OptionAnswer, refuse, reply } from '../option-step.ts';

/** Options `info` and `go`: tells of an export, and with `go` enters it. */
export const answerGo: OptionAnswer = async (negotiation, received) => {
  const { exportName, infos } = parseGo(received.data);
  const entry = negotiation.exports.get(exportName);
  if (entry === undefined) {
    return refuse(negotiation, received, OptionReplyType.errUnknown, 'there is no export of that name');
  }
  if (entry.sizes.minBytes > 1 && !infos.includes(InfoType.blockSize)) {
    const message = `requests must be aligned to ${entry.sizes.minBytes} bytes: ask for the block sizes`;
    return refuse(negotiation, received, OptionReplyType.errBlockSizeRequired, message);
  }
  for (const info of infosOf(entry, negotiation, new Set(infos))) {
    await reply(negotiation, received, OptionReplyType.info, encodeInfo(info));
  }
  await acknowledge(negotiation, received);
  return received.option === OptionCode.go ? entry : 'next';
};

function infosOf(
  entry: OpenExport,
  { style }: Negotiation,
  asked: ReadonlySet<number>,
): Exclude<ExportInfo, { kind: 'unknown' }>[] {
  const { sizeBytes, sizes, name, description } = entry;
  return [
    { kind: 'export', sizeBytes, flags: entry.flags(style !== 'simple') },
    { kind: 'block-size', ...sizes },
    ...(asked.has(InfoType.name) ? [{ kind: 'name', text: name } as const] : []),
    ...(asked.has(InfoType.description) ? [{ kind: 'description', text: description } as const] : []),
  ];
}
