import type { JobProgress, JobView } from '@sendense/api';
import { SendenseError } from '@sendense/core';
import type { ClientCall } from '../http/client-call.ts';
import type { Connection } from '../http/connection.ts';
import { Persistence } from '../http/persistence.ts';
import { toldError } from '../http/told-error.ts';
import { callOperation } from '../operations/call-operation.ts';
import { OPERATIONS } from '../operations/operations.ts';
import { followEvents } from './follow-events.ts';
import { isEnded } from './is-ended.ts';
import type { JobEvent } from './job-event.ts';

/** A job that did what it was asked for. */
export type CompletedJob = JobView & {
  readonly state: 'completed';
  readonly result: NonNullable<JobView['result']>;
};

/** What {@link Jobs.wait} tells meanwhile. */
export type WaitCall = ClientCall & {
  /** How far the job is; what came while nobody was connected is not told later. */
  readonly onProgress?: (progress: JobProgress) => void;
  /** Every event, also those of progress. */
  readonly onEvent?: (event: JobEvent) => void;
};

/** Where to begin with the events of a job. */
export type EventsCall = ClientCall & {
  /** Id of the last event that was seen; default all. */
  readonly after?: number;
};

/** Jobs as they go on. */
export class Jobs {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * The events of a job until it has ended, each once and in order. A connection that breaks off, or a server that starts again, is
   * taken up after the last event; rejects with what failed when that does not succeed for `reconnect.giveUpMs`.
   */
  events(jobId: string, { after = 0, ...call }: EventsCall = {}): AsyncIterable<JobEvent> {
    return followEvents(this.#connection, jobId, after, call);
  }

  /**
   * Waits until a job has ended, also across starts of the server; an abort ends the waiting, not the job (`cancelJob` does). Resolves to
   * a completed job. Rejects with the job's own error when it failed, `ABORTED` when it was cancelled; `context.job` is its id.
   */
  async wait(jobId: string, { onProgress, onEvent, ...call }: WaitCall = {}): Promise<CompletedJob> {
    const persistence = new Persistence(this.#connection.reconnect, 'wait-job', call.signal);
    let after = 0;
    for (;;) {
      for await (const event of this.events(jobId, { ...call, after })) {
        persistence.succeeded();
        after = event.id ?? after;
        onEvent?.(event);
        if (event.event === 'progress') onProgress?.(event.data);
      }
      const job = await this.#show(jobId, call);
      if (isEnded(job.state)) return completed(job);
      await persistence.afterFailure(begunAgain(job));
    }
  }

  /** The job, also from a server that stops just now. */
  async #show(jobId: string, call: ClientCall): Promise<JobView> {
    const persistence = new Persistence(this.#connection.reconnect, 'showJob', call.signal);
    for (;;)
      try {
        return await callOperation(this.#connection, 'showJob', OPERATIONS.showJob, { job_id: jobId }, call);
      } catch (error) {
        await persistence.afterFailure(error);
      }
  }
}

/** A server that was killed before it had noted the end that it told does the job again when it starts. */
function begunAgain({ job_id: id, state }: JobView): SendenseError {
  return new SendenseError('CONNECTION_LOST', `the server lost the end of the job, which is ${state} again`, {
    operation: 'wait-job',
    context: { job: id },
  });
}

function completed(job: JobView): CompletedJob {
  const { job_id: id, state, result, error } = job;
  if (state === 'completed' && result !== null) return { ...job, state, result };
  if (error !== null) throw toldError(error, { context: { job: id } });
  throw new SendenseError(
    state === 'cancelled' ? 'ABORTED' : 'PROTOCOL_VIOLATION',
    state === 'cancelled' ? 'the job was cancelled' : `the job ended as ${state}`,
    { operation: 'wait-job', context: { job: id } },
  );
}
