import { TokenStore, tokensDirectory } from '@sendense/server/access';
import type { Session } from './session.ts';
import { serverDirectory } from './token-place.ts';

/** The API tokens of this installation's server, whether it runs or not. */
export function openTokens(session: Session): TokenStore {
  return new TokenStore(tokensDirectory(serverDirectory(session)), { clock: { now: session.host.now } });
}
