import type { CommonOptions } from '../program/common-flags.ts';
import type { Session } from '../session/session.ts';
import type { Verb, VerbResult } from '../verb.ts';
import { localWork } from './local/local-work.ts';
import { serverSettings } from './server/server-settings.ts';

/** A verb as the user called it. */
export type Order = {
  readonly verb: Verb;
  readonly options: CommonOptions;
  /** Its own flags that the user wrote, by their long form. */
  readonly given: readonly string[];
};

/** Has the verb done where the user wants it done: the one place that chooses between this process and a server. */
export async function perform(session: Session, order: Order): Promise<VerbResult> {
  const { verb, options } = order;
  const server = serverSettings(session, options);
  if (server !== undefined) {
    // with its libraries it is for those who have a server
    const { performAtServer } = await import('./server/perform-at-server.ts');
    return performAtServer(session, server, order);
  }
  return 'runBy' in verb ? verb.runBy(localWork(session), options) : verb.run(session, options);
}
