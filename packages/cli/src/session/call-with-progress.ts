import type { Call } from '@sendense/core';
import { showCallProgress } from '../output/call-progress.ts';
import { createProgressView } from '../output/create-progress-view.ts';
import type { DiskProgress } from '../output/progress-events.ts';
import type { Session } from './session.ts';

/** A call of one piece of work whose progress is shown until the session ends. */
export function callWithProgress(session: Session, what: string, work: DiskProgress['work']): Call {
  const view = createProgressView(session.host);
  session.own({ [Symbol.asyncDispose]: () => Promise.resolve(view.end()) });
  return {
    ...session.call,
    onProgress: showCallProgress(view, what, () => session.host.now().getTime(), work),
  };
}
