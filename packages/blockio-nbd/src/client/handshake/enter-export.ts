import { SendenseError } from '@sendense/core';
import {
  type BlockSizes,
  EXPORT_NAME_ANSWER_BYTES,
  EXPORT_NAME_PADDING_BYTES,
  encodeGo,
  encodeOption,
  InfoType,
  OptionCode,
  OptionReplyType,
  parseExportNameAnswer,
  parseInfo,
  utf8Bytes,
  violation,
} from '../../protocol/index.ts';
import { askOption, refusalError } from './ask-option.ts';
import type { HandshakeChannel } from './handshake-channel.ts';

/** What a server says of an export; `flags` are of `ExportFlag`. */
export type ExportDescription = {
  readonly sizeBytes: number;
  readonly flags: number;
  readonly blockSizes?: BlockSizes;
};

/** Replies to `go` besides the last: a handful of kinds of information, and some that are not known. */
const MAX_INFOS = 64;

/** Enters the transmission phase by option `go`, or by the oldest option where the server does not know that. */
export async function enterExport(
  channel: HandshakeChannel,
  exportName: string,
  { noZeroes, subject }: { readonly noZeroes: boolean; readonly subject: string },
): Promise<ExportDescription> {
  const infos = [InfoType.export, InfoType.blockSize];
  const { replies, refusal } = await askOption(channel, {
    option: OptionCode.go,
    data: encodeGo({ exportName, infos }),
    replyType: OptionReplyType.info,
    maxReplies: MAX_INFOS,
  });
  const unknown = refusal?.type === OptionReplyType.errUnsupported;
  if (refusal !== undefined && !unknown) throw refusalError(refusal, 'connect-nbd', subject);
  const description = unknown ? await enterOld(channel, exportName, noZeroes, subject) : describe(replies);
  if (Number.isSafeInteger(description.sizeBytes)) return description;
  throw new SendenseError('UNSUPPORTED', `${subject} is larger than 2^53-1 bytes`, {
    operation: 'connect-nbd',
    context: { sizeBytes: description.sizeBytes },
    remedy: 'check the server: no disk is that large',
  });
}

function describe(replies: readonly Uint8Array[]): ExportDescription {
  let entered: Omit<ExportDescription, 'blockSizes'> | undefined;
  let blockSizes: BlockSizes | undefined;
  for (const info of replies.map(parseInfo)) {
    if (info.kind === 'export') entered = { sizeBytes: info.sizeBytes, flags: info.flags };
    if (info.kind === 'block-size') {
      const { minBytes, preferredBytes, maxBytes } = info;
      blockSizes = { minBytes, preferredBytes, maxBytes };
    }
  }
  if (entered === undefined) throw violation('opened an export without saying its size');
  return blockSizes === undefined ? entered : { ...entered, blockSizes };
}

/** The oldest option has no error reply: a server that does not know the export hangs up. */
async function enterOld(
  channel: HandshakeChannel,
  exportName: string,
  noZeroes: boolean,
  subject: string,
): Promise<ExportDescription> {
  channel.send(encodeOption(OptionCode.exportName, utf8Bytes(exportName)));
  const answer = await channel.receive(EXPORT_NAME_ANSWER_BYTES).catch((error: unknown) => {
    if (!SendenseError.is(error, 'CONNECTION_LOST')) throw error;
    throw new SendenseError('NOT_FOUND', `${subject} does not exist: the server hung up when asked for it`, {
      operation: 'connect-nbd',
      cause: error,
      remedy: 'check the name of the export',
    });
  });
  if (!noZeroes) await channel.receive(EXPORT_NAME_PADDING_BYTES);
  return parseExportNameAnswer(answer);
}
