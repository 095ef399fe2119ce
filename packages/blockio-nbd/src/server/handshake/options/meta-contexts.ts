import {
  encodeMetaContext,
  OptionCode,
  OptionReplyType,
  parseMetaContextQuery,
  violation,
} from '../../../protocol/index.ts';
import type { OpenExport } from '../../exports/open-export.ts';
import type { SelectedContext } from '../negotiation.ts';
import { acknowledge, type OptionAnswer, refuse, reply } from '../option-step.ts';

/** Options `listMetaContext` and `setMetaContext`: names the contexts of an export, or chooses among them. */
export const answerMetaContexts: OptionAnswer = async (negotiation, received) => {
  const choosing = received.option === OptionCode.setMetaContext;
  // A failed choice undoes an earlier one.
  if (choosing) negotiation.selected = undefined;
  if (negotiation.style === 'simple') throw violation('asked for contexts before structured replies');
  const { exportName, queries } = parseMetaContextQuery(received.data);
  const entry = negotiation.exports.get(exportName);
  if (entry === undefined) {
    return refuse(negotiation, received, OptionReplyType.errUnknown, 'there is no export of that name');
  }
  const found = choosing ? chosen(entry, queries) : matching(entry, queries);
  for (const { id, context } of found) {
    const data = encodeMetaContext({ id: choosing ? id : 0, name: context.name });
    await reply(negotiation, received, OptionReplyType.metaContext, data);
  }
  if (choosing) negotiation.selected = { exportName, contexts: found };
  return acknowledge(negotiation, received);
};

function chosen({ contexts }: OpenExport, queries: readonly string[]): SelectedContext[] {
  const wanted = new Set(queries);
  return contexts.flatMap((context, id) => (wanted.has(context.name) ? [{ id, context }] : []));
}

/** No query lists all; a query that ends with a colon lists what begins with it. */
function matching({ contexts }: OpenExport, queries: readonly string[]): SelectedContext[] {
  const matches = (name: string) =>
    queries.length === 0 ||
    queries.some((query) => name === query || (query.endsWith(':') && name.startsWith(query)));
  return contexts.flatMap((context, id) => (matches(context.name) ? [{ id, context }] : []));
}
