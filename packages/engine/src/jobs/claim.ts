import { type JobId, SendenseError, type StreamId } from '@sendense/core';
import type { EngineContext } from './engine-context.ts';

/** Runs `body` while this engine alone works on `what`; rejects with `LOCKED` when another job of it already does. */
export async function withClaim<T>(
  context: EngineContext,
  what: StreamId | JobId,
  body: () => Promise<T>,
): Promise<T> {
  if (context.busy.has(what)) throw locked(what, 'another job of this process');
  context.busy.add(what);
  try {
    return await body();
  } finally {
    context.busy.delete(what);
  }
}

/** Rejects with `LOCKED` when `holder`, named in the journal, is another worker that is still alive. */
export function refuseLiveHolder(context: EngineContext, what: StreamId | JobId, holder: string): void {
  if (holder === context.fence.holder || !context.isHolderAlive(holder)) return;
  throw locked(what, holder);
}

function locked(what: string, holder: string): SendenseError {
  return new SendenseError('LOCKED', `${holder} is working on ${what}`, {
    operation: 'claim-work',
    remedy: 'wait until it has finished, or cancel it',
    context: { what, holder },
  });
}
