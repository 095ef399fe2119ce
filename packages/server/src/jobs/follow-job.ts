import { type Job, viewOfProgress } from './job.ts';
import { isEnded } from './job-record.ts';

/** A comment so often keeps proxies from hanging up, and shows a client that has gone. */
const HEARTBEAT_MS = 15_000;

/** How long a client waits before it comes again. */
const RETRY_MS = 2_000;

/**
 * The events of a job as server-sent events, after the one with the id `after`, until the job has ended or `signal` fires. Nothing is
 * queued for a client that reads slowly: it gets every event that has an id and was told, and of the progress what is true when it reads.
 */
export async function* followJob(job: Job, after: number, signal: AbortSignal): AsyncGenerator<string> {
  let last = after;
  let shown = null as Job['progress'];
  yield `retry: ${RETRY_MS}\n\n`;
  while (!signal.aborted) {
    // taken before the job is looked at, so that nothing falls between
    const { changed } = job;
    const news = job.toldEvents.filter(({ id }) => id > last);
    for (const { id, name, data } of news) {
      yield `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
      last = id;
    }
    if (hasSeenAll(job, last)) return;
    if (job.progress !== null && job.progress !== shown) {
      shown = job.progress;
      yield `event: progress\ndata: ${JSON.stringify(viewOfProgress(shown))}\n\n`;
      continue;
    }
    if (news.length === 0 && !(await cameInTime(changed, signal))) yield ': \n\n';
  }
}

/** `false` when nothing came for {@link HEARTBEAT_MS}. */
async function cameInTime(changed: Promise<void>, signal: AbortSignal): Promise<boolean> {
  const ended = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => ended.resolve(false), HEARTBEAT_MS);
  const stop = () => ended.resolve(true);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([changed.then(() => true), ended.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/** Whether a client that has seen the events up to `after` has nothing to wait for. */
export function hasSeenAll({ record, lastEventId }: Job, after: number): boolean {
  return isEnded(record) && lastEventId <= after;
}
