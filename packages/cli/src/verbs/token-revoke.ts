import { parseText } from '../program/flag-values.ts';
import { openTokens } from '../session/token-store.ts';
import { defineVerb } from '../verb.ts';

/** `token revoke` */
export const tokenRevoke = defineVerb<{ readonly tokenId: string }>({
  words: ['token', 'revoke'],
  summary: 'end an API token of the server, which refuses it from then on',
  flags: (command) => command.requiredOption('--token-id <id>', 'the token', parseText),
  async run(session, { tokenId }) {
    await openTokens(session).revoke(tokenId);
    return { json: { revoked: tokenId }, lines: [`token ${tokenId} revoked`] };
  },
});
