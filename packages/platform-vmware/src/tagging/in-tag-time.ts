import { type Call, SendenseError } from '@sendense/core';
import type { AutomationAsk } from '../automation/index.ts';
import type { VimClient } from '../session/vim-client.ts';

/** A machine waits for its tags, at a snapshot or half restored: all that is asked of them together takes no longer. */
export const TAG_TIME_MS = 120_000;

/**
 * Runs requests for tags in a session of the automation API, all of them within {@link TAG_TIME_MS}. Rejects with `TIMEOUT` when that is
 * over, with `ABORTED` when the caller cancels, and as `VimClient.inAutomation` says. `run` gives its `call` to each request.
 */
export async function inTagTime<T>(
  client: VimClient,
  run: (ask: AutomationAsk, call: Call) => Promise<T>,
  call: Call | undefined,
): Promise<T> {
  const limit = AbortSignal.timeout(TAG_TIME_MS);
  const signal = call?.signal === undefined ? limit : AbortSignal.any([call.signal, limit]);
  const own: Call = { ...call, signal };
  const tell = (error: unknown): never => {
    const isOver = limit.aborted && call?.signal?.aborted !== true;
    throw isOver && SendenseError.is(error, 'ABORTED') ? tooLong(client.host, error) : error;
  };
  const inTime = (ask: AutomationAsk): Promise<T> =>
    run((request, asked = own) => ask(request, asked).catch(tell), own);
  return await client.inAutomation(inTime, own).catch(tell);
}

function tooLong(host: string, cause: SendenseError): SendenseError {
  const message = `${host} has not answered all that was asked of tags within ${TAG_TIME_MS / 1000} seconds`;
  return new SendenseError('TIMEOUT', message, {
    operation: 'automation-tags',
    effect: cause.effect,
    cause,
    remedy: 'look at the services of vCenter',
  });
}
