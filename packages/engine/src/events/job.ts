import type { Clock, Finding, JobId, LogRecord, Pace } from '@sendense/core';
import type { EngineEventMap, EngineEventName, JobEvent, JobSubject, Verb } from './engine-events.ts';

/** What an event carries besides its job. */
export type EventDetails<Name extends EngineEventName> = Omit<EngineEventMap[Name], keyof JobEvent>;

/** One run of a verb: its id, its signal, its findings and its voice. */
export type Job = {
  readonly id: JobId;
  readonly verb: Verb;
  readonly clock: Clock;
  /** Fires when the caller's signal or `cancel` of the engine does. */
  readonly signal: AbortSignal;
  /** The byte budget of this job; its rate can be changed while it runs. */
  readonly pace: Pace;
  /** What the job is about; fields become known on the way. */
  subject: JobSubject;
  readonly findings: readonly Finding[];
  /** Adds a finding to the result, the events and the log. */
  report(finding: Finding): void;
  /** Runs a named step between `step-start` and `step-end`. */
  step<T>(name: string, run: () => Promise<T>): Promise<T>;
  emit<Name extends EngineEventName>(name: Name, details: EventDetails<Name>): void;
  log(level: LogRecord['level'], message: string, fields?: LogRecord['fields']): void;
  cancel(): void;
  /** `null` = no limit. */
  setRate(bytesPerSecond: number | null): void;
};
