import { SendenseError } from '@sendense/core';
import { OptionCode, OptionReplyType } from '../../protocol/index.ts';
import type { Negotiation } from './negotiation.ts';
import {
  acknowledge,
  type OptionAnswer,
  type OptionStep,
  type ReceivedOption,
  refuse,
} from './option-step.ts';
import { answerExportName } from './options/export-name.ts';
import { answerGo } from './options/go.ts';
import { answerExtendedHeaders, answerStructuredReply } from './options/header-styles.ts';
import { answerList } from './options/list.ts';
import { answerMetaContexts } from './options/meta-contexts.ts';
import { answerStartTls } from './options/start-tls.ts';

const answerAbort: OptionAnswer = async (negotiation, received) => {
  await acknowledge(negotiation, received);
  return 'end';
};

const ANSWERS: ReadonlyMap<number, OptionAnswer> = new Map([
  [OptionCode.exportName, answerExportName],
  [OptionCode.abort, answerAbort],
  [OptionCode.list, answerList],
  [OptionCode.startTls, answerStartTls],
  [OptionCode.info, answerGo],
  [OptionCode.go, answerGo],
  [OptionCode.structuredReply, answerStructuredReply],
  [OptionCode.listMetaContext, answerMetaContexts],
  [OptionCode.setMetaContext, answerMetaContexts],
  [OptionCode.extendedHeaders, answerExtendedHeaders],
]);

/** What a client may send to a server that requires TLS before there is TLS. */
const IN_THE_CLEAR: ReadonlySet<number> = new Set([
  OptionCode.exportName,
  OptionCode.abort,
  OptionCode.startTls,
]);

/** Answers one option, also one that is not known, is malformed, or comes before TLS. */
export async function answerOption(negotiation: Negotiation, received: ReceivedOption): Promise<OptionStep> {
  const { tls, secure } = negotiation;
  if (tls !== undefined && tls.required !== false && !secure && !IN_THE_CLEAR.has(received.option)) {
    return refuse(negotiation, received, OptionReplyType.errTlsRequired, 'the server requires TLS');
  }
  const answer = ANSWERS.get(received.option);
  if (answer === undefined) {
    return refuse(
      negotiation,
      received,
      OptionReplyType.errUnsupported,
      'the server does not know this option',
    );
  }
  try {
    return await answer(negotiation, received);
  } catch (error) {
    // Trouble of the stream itself, of TLS above all, is not an answer to an option.
    if (!SendenseError.is(error, 'PROTOCOL_VIOLATION') || error.operation !== 'talk-nbd') throw error;
    return refuse(negotiation, received, OptionReplyType.errInvalid, error.message);
  }
}
