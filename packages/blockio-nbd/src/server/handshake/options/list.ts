import { encodeListedExport, OptionReplyType, violation } from '../../../protocol/index.ts';
import { acknowledge, type OptionAnswer, reply } from '../option-step.ts';

/** Option `list`: names the exports. */
export const answerList: OptionAnswer = async (negotiation, received) => {
  if (received.data.byteLength > 0) throw violation('sent data with option list');
  for (const entry of negotiation.exports.all()) {
    await reply(negotiation, received, OptionReplyType.server, encodeListedExport(entry));
  }
  return acknowledge(negotiation, received);
};
