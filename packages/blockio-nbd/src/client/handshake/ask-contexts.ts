import {
  encodeMetaContextQuery,
  type MetaContext,
  type MetaContextQuery,
  OptionCode,
  OptionReplyType,
  parseMetaContext,
  violation,
} from '../../protocol/index.ts';
import { askOption, refusalError } from './ask-option.ts';
import type { HandshakeChannel } from './handshake-channel.ts';

/** Contexts of one export that are listed at most. */
const MAX_LISTED = 4096;

/**
 * Selects contexts. Gives those that the server granted; none when it knows no contexts, or not this export (which
 * the next option tells better).
 */
export async function selectContexts(
  channel: HandshakeChannel,
  wanted: MetaContextQuery,
): Promise<readonly MetaContext[]> {
  const { replies, refusal } = await askOption(channel, {
    option: OptionCode.setMetaContext,
    data: encodeMetaContextQuery(wanted),
    replyType: OptionReplyType.metaContext,
    maxReplies: wanted.queries.length,
  });
  if (refusal !== undefined) return [];
  const granted = replies.map(parseMetaContext);
  for (const { name } of granted) {
    if (!wanted.queries.includes(name)) throw violation(`granted context '${name}', not asked for`, { name });
  }
  const distinct = new Set(granted.map(({ id }) => id)).size === granted.length;
  const named = new Set(granted.map(({ name }) => name)).size === granted.length;
  if (!distinct || !named) throw violation('granted the same context twice');
  return granted;
}

/** Names of the contexts that match; all of them when nothing is asked for. */
export async function listContexts(
  channel: HandshakeChannel,
  query: MetaContextQuery,
  subject: string,
): Promise<readonly string[]> {
  const { replies, refusal } = await askOption(channel, {
    option: OptionCode.listMetaContext,
    data: encodeMetaContextQuery(query),
    replyType: OptionReplyType.metaContext,
    maxReplies: MAX_LISTED,
  });
  if (refusal !== undefined) throw refusalError(refusal, 'list-nbd-contexts', subject);
  return replies.map((reply) => parseMetaContext(reply).name);
}
