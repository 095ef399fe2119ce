import type { SendenseError } from '@sendense/core';

/** What a job works on, as far as it is known. */
export type JobSubject = {
  readonly machine?: string;
  readonly machineName?: string;
  readonly repository?: string;
  readonly point?: string;
};

/** A job starts. Verbs other than `backup` and `restore` have no table. */
export type JobStartEvent = {
  readonly jobId: string;
  readonly verb: string;
  readonly subject: JobSubject;
  readonly at: Date;
};

/** A job has ended; `result` is that of its verb, `null` unless completed. */
export type JobEndEvent = JobStartEvent & {
  readonly outcome: 'completed' | 'failed' | 'cancelled';
  readonly result: unknown;
  readonly error: SendenseError | null;
};

/** A named step starts. */
export type StepStartEvent = {
  readonly jobId: string;
  readonly verb: string;
  readonly step: string;
  readonly at: Date;
};

/** A named step has ended; `error` is `null` when it succeeded. */
export type StepEndEvent = StepStartEvent & { readonly error: SendenseError | null };

/** The part of the engine's events that the catalog listens to; any emitter with `on` and `off` of this shape will do. */
export interface JobEventSource {
  /** Listens for a job that starts. */
  on(name: 'job-start', listener: (event: JobStartEvent) => void): unknown;
  /** Listens for a job that has ended. */
  on(name: 'job-end', listener: (event: JobEndEvent) => void): unknown;
  /** Listens for a step that starts. */
  on(name: 'step-start', listener: (event: StepStartEvent) => void): unknown;
  /** Listens for a step that has ended. */
  on(name: 'step-end', listener: (event: StepEndEvent) => void): unknown;
  /** Stops listening for a job that starts. */
  off(name: 'job-start', listener: (event: JobStartEvent) => void): unknown;
  /** Stops listening for a job that has ended. */
  off(name: 'job-end', listener: (event: JobEndEvent) => void): unknown;
  /** Stops listening for a step that starts. */
  off(name: 'step-start', listener: (event: StepStartEvent) => void): unknown;
  /** Stops listening for a step that has ended. */
  off(name: 'step-end', listener: (event: StepEndEvent) => void): unknown;
}
