import { type HeaderStyle, OptionCode, OptionReplyType } from '../../protocol/index.ts';
import { askOption, refusalError } from './ask-option.ts';
import type { HandshakeChannel } from './handshake-channel.ts';

/** Agrees on the best form of requests and replies that the server knows: 64-bit, structured, or simple. */
export async function agreeOnStyle(channel: HandshakeChannel, subject: string): Promise<HeaderStyle> {
  if (await agrees(channel, OptionCode.extendedHeaders, subject)) return 'extended';
  if (await agrees(channel, OptionCode.structuredReply, subject)) return 'structured';
  return 'simple';
}

async function agrees(channel: HandshakeChannel, option: number, subject: string): Promise<boolean> {
  const { refusal } = await askOption(channel, { option });
  const fatal: readonly number[] = [OptionReplyType.errTlsRequired, OptionReplyType.errShutdown];
  if (refusal !== undefined && fatal.includes(refusal.type)) {
    throw refusalError(refusal, 'connect-nbd', subject);
  }
  return refusal === undefined;
}
