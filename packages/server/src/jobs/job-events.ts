import type { LogSink } from '@sendense/core';
import type { Engine, EngineEventMap } from '@sendense/engine';
import { describeFinding } from './describe-results.ts';
import type { Job } from './job.ts';

/** Passes what an engine tells on to the jobs it is about. `save` is called where a job has something new to keep. */
export function listenToEngine(
  { events }: Engine,
  find: (runId: string) => Job | undefined,
  save: (job: Job) => void,
  log: LogSink,
): Disposable {
  const progress = (event: EngineEventMap['job-progress']) => find(event.jobId)?.showProgress(event);
  const step = (event: EngineEventMap['step-start'] | EngineEventMap['step-end']) => {
    const job = find(event.jobId);
    if (job === undefined) return;
    const ended = 'durationMs' in event;
    const error = ended && event.error !== null ? event.error.message : null;
    job.addEvent('step', {
      step: event.step,
      state: stateOf(ended, error),
      error,
      at: event.at.toISOString(),
    });
    save(job);
  };
  const finding = (event: EngineEventMap['finding']) => {
    const job = find(event.jobId);
    if (job === undefined) return;
    if (job.addEvent('finding', describeFinding(event.finding))) save(job);
    else
      log({
        level: 'debug',
        message: 'a finding is no event: the job has too many',
        fields: { job: job.record.id },
      });
  };
  events.on('job-progress', progress).on('step-start', step).on('step-end', step).on('finding', finding);
  return {
    [Symbol.dispose]() {
      events
        .off('job-progress', progress)
        .off('step-start', step)
        .off('step-end', step)
        .off('finding', finding);
    },
  };
}

function stateOf(ended: boolean, error: string | null): string {
  if (!ended) return 'running';
  return error === null ? 'completed' : 'failed';
}
