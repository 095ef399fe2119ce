import type { JobView } from '@sendense/api';
import type { Json } from '@sendense/core';
import type { WorkProgress } from '@sendense/engine';
import { isEnded, type JobEvent, type JobRecord } from './job-record.ts';
import { stepsOf } from './job-steps.ts';

/** Findings of one job that are kept as events; the result has them all. */
const MAX_FINDING_EVENTS = 200;

/** A job in memory: its record, what is not worth keeping, and a way to wait for news. */
export class Job {
  readonly record: JobRecord;
  /** Ends what the job does. */
  readonly stop = new AbortController();
  #progress: WorkProgress | null = null;
  #lastTold: number;
  #changed = Promise.withResolvers<void>();

  /** `record`: as the journal has it, or without events. */
  constructor(record: JobRecord) {
    this.record = record;
    this.#lastTold = this.lastEventId;
  }

  /** Of all events, also of those that nobody is told of yet; 0 before the first one. */
  get lastEventId(): number {
    return this.record.events.at(-1)?.id ?? 0;
  }

  /** Whether anybody may know of the job. */
  get isTold(): boolean {
    return this.#lastTold > 0;
  }

  /** The events that clients are told of. */
  get toldEvents(): readonly JobEvent[] {
    return this.record.events.filter(({ id }) => id <= this.#lastTold);
  }

  get progress(): WorkProgress | null {
    return this.#progress;
  }

  /** Resolves with the next piece of news. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Tells everybody who waits how far the job is. */
  showProgress(progress: WorkProgress): void {
    this.#progress = progress;
    this.#announce();
  }

  /**
   * Tells of the events up to the one with this id. They are in the journal by then: a server that is killed before would let the next one
   * give the id to another event, which a client that has seen the first one would miss.
   */
  tell(id: number): void {
    this.#lastTold = Math.max(this.#lastTold, id);
    this.#announce();
  }

  /** Changes the record and adds the event of it; the caller writes and tells it. */
  change(change: Partial<JobRecord>): void {
    Object.assign(this.record, change);
    if (isEnded(this.record)) this.#progress = null;
    this.addEvent('state', {
      state: this.record.state,
      attempt: this.record.attempt,
      error: this.record.error,
    });
  }

  /** Adds an event; the caller writes and tells it. `false`: there are too many of its name. */
  addEvent(name: JobEvent['name'], data: Json): boolean {
    const { events } = this.record;
    const findings = name === 'finding' ? events.filter((event) => event.name === 'finding').length : 0;
    if (findings >= MAX_FINDING_EVENTS) return false;
    events.push({ id: this.lastEventId + 1, name, data });
    return true;
  }

  #announce(): void {
    const told = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    told.resolve();
  }
}

/** A job as clients see it. */
export function viewOf({ record, progress }: Job): JobView {
  const { order } = record;
  const made = record.result === null ? null : record.result.backup_id;
  return {
    job_id: record.id,
    kind: order.kind,
    state: record.state,
    vm_name: order.vmName,
    repository: order.repository,
    target: order.kind === 'restore' ? order.target : null,
    backup_id: order.kind === 'restore' ? order.backupId : made,
    requested_type: order.kind === 'backup' ? order.type : null,
    requested_by: record.principal,
    attempt: record.attempt,
    cancel_requested: record.cancelRequested,
    created_at: record.createdAt,
    started_at: record.startedAt,
    ended_at: record.endedAt,
    steps: stepsOf(record),
    progress: progress === null ? null : viewOfProgress(progress),
    result: record.result,
    error: record.error,
  };
}

/** The same of how far a job is. */
export function viewOfProgress(progress: WorkProgress): NonNullable<JobView['progress']> {
  return {
    done_bytes: progress.doneBytes,
    total_bytes: progress.totalBytes,
    percent: progress.percent,
    bytes_per_second: progress.bytesPerSecond,
    eta_seconds: progress.etaSeconds,
  };
}
