import {
  CLIENT_FLAGS_BYTES,
  encodeGreeting,
  HandshakeFlag,
  MAX_OPTION_BYTES,
  OPTION_HEADER_BYTES,
  OptionCode,
  parseClientFlags,
  parseOptionHeader,
  violation,
} from '../../protocol/index.ts';
import type { OpenExport } from '../exports/open-export.ts';
import { answerOption } from './answer-option.ts';
import type { Negotiation } from './negotiation.ts';
import type { ReceivedOption } from './option-step.ts';

/**
 * Greets a client and answers its options until it enters an export; `undefined` when it leaves before. Throws
 * `PROTOCOL_VIOLATION` when the client cannot be understood.
 */
export async function shakeHands(negotiation: Negotiation): Promise<OpenExport | undefined> {
  const { stream } = negotiation;
  await stream.send(encodeGreeting(HandshakeFlag.fixedNewstyle | HandshakeFlag.noZeroes));
  const flags = parseClientFlags(await stream.receive(CLIENT_FLAGS_BYTES));
  negotiation.noZeroes = (flags & HandshakeFlag.noZeroes) !== 0;
  const fixed = (flags & HandshakeFlag.fixedNewstyle) !== 0;
  while (await stream.nextBegins()) {
    const received = await receiveOption(negotiation);
    // Without fixed newstyle a client cannot take replies to options.
    if (!fixed && received.option !== OptionCode.exportName) return undefined;
    const step = await answerOption(negotiation, received);
    if (step === 'end') return undefined;
    if (step !== 'next') return step;
  }
  return undefined;
}

async function receiveOption({ stream }: Negotiation): Promise<ReceivedOption> {
  const { option, dataBytes } = parseOptionHeader(await stream.receive(OPTION_HEADER_BYTES));
  if (dataBytes > MAX_OPTION_BYTES) throw violation(`sent an option of ${dataBytes} bytes`, { dataBytes });
  return { option, data: await stream.receive(dataBytes) };
}
