import { encodeOptionReply, OptionReplyType, utf8Bytes } from '../../protocol/index.ts';
import type { OpenExport } from '../exports/open-export.ts';
import type { Negotiation } from './negotiation.ts';

/** An option as it arrived. */
export type ReceivedOption = { readonly option: number; readonly data: Uint8Array };

/** What comes after an option: the next one, the end of the connection, or the transmission of an export. */
export type OptionStep = 'next' | 'end' | OpenExport;

/** Answers one option. A `PROTOCOL_VIOLATION` it throws is answered with `errInvalid`. */
export type OptionAnswer = (negotiation: Negotiation, received: ReceivedOption) => Promise<OptionStep>;

/** Sends one reply to an option. */
export async function reply(
  { stream }: Negotiation,
  { option }: ReceivedOption,
  type: number,
  data?: Uint8Array,
): Promise<'next'> {
  await stream.send(encodeOptionReply(option, type, data));
  return 'next';
}

/** Accepts an option without more to say. */
export function acknowledge(negotiation: Negotiation, received: ReceivedOption): Promise<'next'> {
  return reply(negotiation, received, OptionReplyType.ack);
}

/** Refuses an option with a sentence for the person at the client. */
export function refuse(
  negotiation: Negotiation,
  received: ReceivedOption,
  type: number,
  message: string,
): Promise<'next'> {
  return reply(negotiation, received, type, utf8Bytes(message));
}
