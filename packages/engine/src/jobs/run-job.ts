import {
  amendError,
  type Call,
  type Finding,
  type JobId,
  jobId,
  type Pace,
  SendenseError,
} from '@sendense/core';
import type { EngineEventMap, EngineEventName, JobSubject, Verb } from '../events/engine-events.ts';
import type { EventDetails, Job } from '../events/job.ts';
import type { EngineContext } from './engine-context.ts';
import { createJobPace } from './job-pace.ts';
import { toSendenseError } from './to-sendense-error.ts';

/** How a job starts. */
export type JobStart = {
  readonly verb: Verb;
  readonly subject: JobSubject;
  /** Chosen by the caller, so that it can be shown before the job runs; random by default. */
  readonly jobId?: JobId;
  /** A budget shared with other jobs, beside the job's own rate. */
  readonly pace?: Pace;
  readonly rateBytesPerSecond?: number | null;
  readonly call?: Call;
  /** No events and no log: a dry run. */
  readonly silent?: boolean;
};

/**
 * Runs `body` as a job: `job-start`, the body, `job-end`. Rejects with the body's error as a `SendenseError` whose context
 * has the `jobId`.
 */
export async function runJob<T>(
  context: EngineContext,
  start: JobStart,
  body: (job: Job) => Promise<T>,
): Promise<T> {
  const job = createJob(context, start);
  if (context.jobs.has(job.id)) throw alreadyRunning(job.id);
  const startedMs = context.clock.monotonicMs();
  const end = (details: Pick<EngineEventMap['job-end'], 'outcome' | 'result' | 'error'>): void => {
    context.jobs.delete(job.id);
    const durationMs = context.clock.monotonicMs() - startedMs;
    job.emit('job-end', { ...details, subject: job.subject, durationMs, at: context.clock.now() });
  };
  context.jobs.set(job.id, job);
  job.emit('job-start', { subject: job.subject, at: context.clock.now() });
  try {
    const result = await body(job);
    end({ outcome: 'completed', result, error: null });
    return result;
  } catch (thrown) {
    const error = amendError(toSendenseError(thrown, start.verb, job.signal), { context: { jobId: job.id } });
    job.log('error', error.message, { code: error.code, operation: error.operation });
    end({ outcome: error.code === 'ABORTED' ? 'cancelled' : 'failed', result: null, error });
    throw error;
  }
}

function alreadyRunning(id: JobId): SendenseError {
  return new SendenseError('LOCKED', `the job ${id} is running`, {
    operation: 'start-job',
    remedy: 'wait until it has finished, or cancel it',
    context: { job: id },
  });
}

/** A job that is not announced: `silent` ones report to nobody. */
export function createJob(context: EngineContext, start: JobStart): Job {
  const id = start.jobId ?? jobId(context.services.random.uuid());
  const controller = new AbortController();
  const outer = start.call?.signal;
  const pace = createJobPace(start.rateBytesPerSecond ?? null, start.pace);
  const findings: Finding[] = [];
  const { clock } = context;
  const job: Job = {
    id,
    verb: start.verb,
    clock,
    signal: outer === undefined ? controller.signal : AbortSignal.any([outer, controller.signal]),
    pace,
    subject: start.subject,
    findings,
    report(finding) {
      findings.push(finding);
      job.emit('finding', { finding });
      const level = finding.severity === 'warning' ? 'warn' : finding.severity;
      job.log(level, finding.message, {
        code: finding.code,
        ...(finding.disk ? { disk: finding.disk } : {}),
      });
    },
    async step(name, run) {
      const startedMs = clock.monotonicMs();
      const end = (error: EventDetails<'step-end'>['error']): void =>
        job.emit('step-end', {
          step: name,
          durationMs: clock.monotonicMs() - startedMs,
          error,
          at: clock.now(),
        });
      job.emit('step-start', { step: name, at: clock.now() });
      try {
        const result = await run();
        end(null);
        return result;
      } catch (thrown) {
        const error = toSendenseError(thrown, name, job.signal);
        end(error);
        throw error;
      }
    },
    emit: (name, details) =>
      start.silent !== true &&
      emitSafely(context, name, { ...details, jobId: id, verb: start.verb } as never),
    log: (level, message, fields = {}) => context.log({ level, message, fields: { jobId: id, ...fields } }),
    cancel: () => controller.abort(),
    setRate: (bytesPerSecond) => pace.setRate(bytesPerSecond),
  };
  return job;
}

function emitSafely<Name extends EngineEventName>(
  context: EngineContext,
  name: Name,
  event: EngineEventMap[Name],
): void {
  try {
    context.events.emit(name, ...([event] as never));
  } catch (error) {
    context.log({
      level: 'error',
      message: `a listener of ${name} threw: ${error instanceof Error ? error.message : String(error)}`,
      fields: {},
    });
  }
}
