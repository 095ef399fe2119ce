import { describeToken, tokenLines } from '../output/describe-tokens.ts';
import { openTokens } from '../session/token-store.ts';
import { defineVerb } from '../verb.ts';

/** `token list` */
export const tokenList = defineVerb({
  words: ['token', 'list'],
  summary: 'list the API tokens of the server, oldest first',
  flags: (command) => command,
  async run(session) {
    const records = await openTokens(session).list();
    return { json: { tokens: records.map(describeToken) }, lines: tokenLines(records, session.host.now()) };
  },
});
