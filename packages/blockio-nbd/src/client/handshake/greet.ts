import { SendenseError } from '@sendense/core';
import {
  encodeClientFlags,
  GREETING_BYTES,
  HandshakeFlag,
  OptionCode,
  parseGreeting,
} from '../../protocol/index.ts';
import { askOption } from './ask-option.ts';
import type { HandshakeChannel } from './handshake-channel.ts';

/** What both sides said in the greeting. */
export type Greeted = {
  /** Whether the answer to the oldest option comes without padding. */
  readonly noZeroes: boolean;
};

/** Takes the greeting, answers it, and goes over to TLS when that is wanted; never goes on without it then. */
export async function greet(channel: HandshakeChannel, tls: boolean, subject: string): Promise<Greeted> {
  const flags = parseGreeting(await channel.receive(GREETING_BYTES));
  const noZeroes = flags & HandshakeFlag.noZeroes;
  channel.send(encodeClientFlags(HandshakeFlag.fixedNewstyle | noZeroes));
  if (tls) await startTls(channel, subject);
  return { noZeroes: noZeroes !== 0 };
}

async function startTls(channel: HandshakeChannel, subject: string): Promise<void> {
  const { refusal } = await askOption(channel, { option: OptionCode.startTls });
  if (refusal !== undefined) {
    throw new SendenseError('UNTRUSTED_PEER', `${subject} offers no TLS`, {
      operation: 'connect-nbd',
      context: { type: refusal.type, serverMessage: refusal.message },
      remedy: 'run the server with TLS, or leave the tls options out to talk to it in the clear',
    });
  }
  await channel.startTls();
}
