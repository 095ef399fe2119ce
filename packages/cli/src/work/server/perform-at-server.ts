import { createProgressView } from '../../output/create-progress-view.ts';
import { asSendenseError } from '../../output/error-report.ts';
import type { Session } from '../../session/session.ts';
import type { VerbResult } from '../../verb.ts';
import type { Order } from '../perform.ts';
import { flagNotServed, verbNotServed } from './not-served.ts';
import { openClient } from './open-client.ts';
import type { ServerSettings } from './server-settings.ts';
import { serverWork } from './server-work.ts';
import { tellServerFailure } from './tell-server-failure.ts';

/** Has a server do the verb. Throws `UNSUPPORTED` for a verb, or a flag of it, that no server takes: nothing is done here instead. */
export async function performAtServer(
  session: Session,
  settings: ServerSettings,
  { verb, options, given }: Order,
): Promise<VerbResult> {
  if (!('runBy' in verb)) throw verbNotServed(verb.words);
  const served: readonly string[] = verb.served;
  const other = given.find((flag) => !served.includes(flag));
  if (other !== undefined) throw flagNotServed(other, verb.words);
  const client = await openClient(session, settings);
  const progress = createProgressView(session.host);
  session.own({ [Symbol.asyncDispose]: () => Promise.resolve(progress.end()) });
  try {
    return await verb.runBy(serverWork({ session, client, progress }), options);
  } catch (error) {
    throw tellServerFailure(asSendenseError(error, 'run-command'));
  }
}
