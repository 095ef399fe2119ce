import { OptionReplyType, violation } from '../../../protocol/index.ts';
import { acknowledge, type OptionAnswer, refuse } from '../option-step.ts';

/** Option `startTls`: goes on in TLS, and forgets what was agreed on in the clear. */
export const answerStartTls: OptionAnswer = async (negotiation, received) => {
  const { stream, tls } = negotiation;
  if (received.data.byteLength > 0 || negotiation.secure) throw violation('asked for TLS wrongly');
  if (tls === undefined) {
    return refuse(negotiation, received, OptionReplyType.errPolicy, 'the server has no certificate');
  }
  await acknowledge(negotiation, received);
  await stream.secure(tls);
  negotiation.secure = true;
  negotiation.style = 'simple';
  negotiation.selected = undefined;
  return 'next';
};
