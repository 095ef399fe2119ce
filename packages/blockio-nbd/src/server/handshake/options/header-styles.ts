import { OptionReplyType, violation } from '../../../protocol/index.ts';
import { acknowledge, type OptionAnswer, refuse } from '../option-step.ts';

/** Option `structuredReply`: replies in chunks. */
export const answerStructuredReply: OptionAnswer = async (negotiation, received) => {
  if (received.data.byteLength > 0) throw violation('sent data with option structuredReply');
  if (negotiation.style === 'extended') {
    const message = 'extended headers are agreed on';
    return refuse(negotiation, received, OptionReplyType.errExtendedHeadersRequired, message);
  }
  if (negotiation.style === 'structured') throw violation('asked for structured replies twice');
  negotiation.style = 'structured';
  return acknowledge(negotiation, received);
};

/** Option `extendedHeaders`: requests and replies with 64-bit lengths, in chunks. */
export const answerExtendedHeaders: OptionAnswer = async (negotiation, received) => {
  if (received.data.byteLength > 0) throw violation('sent data with option extendedHeaders');
  if (negotiation.style === 'extended') throw violation('asked for extended headers twice');
  negotiation.style = 'extended';
  return acknowledge(negotiation, received);
};
