import type { SendenseError } from '@sendense/core';
import { mapOptionError } from '@sendense/plugin-kit/nbd';
import {
  encodeOption,
  isOptionError,
  MAX_STRING_BYTES,
  OPTION_REPLY_HEADER_BYTES,
  OptionReplyType,
  parseOptionReplyHeader,
  violation,
} from '../../protocol/index.ts';
import type { HandshakeChannel } from './handshake-channel.ts';

/** What is asked, and how many replies besides the last may come. */
export type AskedOption = {
  readonly option: number;
  readonly data?: Uint8Array;
  /** Type of the replies that are taken; default none are expected. */
  readonly replyType?: number;
  readonly maxReplies?: number;
};

/** An error reply of the server. */
export type OptionRefusal = { readonly type: number; readonly message: string };

/** How the server answered: `refusal` is its error. */
export type OptionAnswer = { readonly replies: readonly Uint8Array[]; readonly refusal?: OptionRefusal };

/** Asks an option and collects the data of its replies up to the last. */
export async function askOption(channel: HandshakeChannel, asked: AskedOption): Promise<OptionAnswer> {
  const { option, data, replyType, maxReplies = 0 } = asked;
  channel.send(encodeOption(option, data));
  const replies: Uint8Array[] = [];
  for (;;) {
    const header = parseOptionReplyHeader(await channel.receive(OPTION_REPLY_HEADER_BYTES), option);
    const body = header.dataBytes === 0 ? new Uint8Array() : await channel.receive(header.dataBytes);
    if (isOptionError(header.type)) return { replies, refusal: refusal(header.type, body) };
    if (header.type === OptionReplyType.ack) {
      if (body.byteLength > 0) throw violation(`acknowledged option ${option} with data`, { option });
      return { replies };
    }
    if (header.type !== replyType) {
      throw violation(`answered option ${option} with type ${header.type}`, { option, type: header.type });
    }
    if (replies.length === maxReplies)
      throw violation(`answered option ${option} without an end`, { option });
    replies.push(body);
  }
}

/** The message of an error may be any text; what does not fit or would disturb a terminal is cut. */
function refusal(type: number, body: Uint8Array): OptionRefusal {
  const text = new TextDecoder().decode(body.subarray(0, MAX_STRING_BYTES));
  return { type, message: text.replace(/\p{Cc}+/gu, ' ') };
}

/** The SendenseError of a refusal. */
export function refusalError(
  { type, message }: OptionRefusal,
  operation: string,
  subject: string,
): SendenseError {
  return mapOptionError(type, { operation, subject, message });
}
