import { randomUUID } from 'node:crypto';
import { JOB_STATES, type JobState } from '@sendense/api';
import { abortedError, type Clock, type Fence, type LogSink, SendenseError } from '@sendense/core';
import type { Engine } from '@sendense/engine';
import type { Principal } from '../access/principal.ts';
import { errorReply } from '../app/error-reply.ts';
import type { JobLimits } from '../options.ts';
import { Job } from './job.ts';
import {
  GAVE_UP,
  gaveUp,
  mayRunLater,
  runElsewhere,
  sameRuns,
  stopping,
  tooMany,
  unknownJob,
} from './job-errors.ts';
import { listenToEngine } from './job-events.ts';
import type { JobJournal } from './job-journal.ts';
import { isEnded, type JobOrder, type JobRecord, type JobResult } from './job-record.ts';

/** What jobs are run with. */
export type JobServices = {
  readonly engine: Engine;
  readonly journal: JobJournal;
  readonly fence: Fence;
  readonly isHolderAlive: (holder: string) => boolean;
  /** Of the state folder, which one process holds at a time: jobs taken there are those of whoever holds it. */
  readonly serverId: string;
  readonly clock: Clock;
  readonly log: LogSink;
  readonly limits: JobLimits;
  /** Carries an order out. */
  readonly run: (record: JobRecord, call: { readonly signal: AbortSignal }) => Promise<JobResult>;
  /** Removes what a job has made that failed or was cancelled: nobody goes on with it. */
  readonly undo: (record: JobRecord) => Promise<void>;
};

/**
 * The jobs of a server: taken in order, a few at once. A new job is told of once the journal has it. What happens to it later is an
 * event, told once the journal has it or has refused it; the job itself shows at once what is true.
 */
export class Jobs implements AsyncDisposable {
  readonly #services: JobServices;
  readonly #jobs = new Map<string, Job>();
  readonly #waiting: Job[] = [];
  readonly #running = new Map<Job, Promise<void>>();
  /** When each tenant had its last turn. */
  readonly #turns = new Map<string | null, number>();
  readonly #listening: Disposable;
  #turn = 0;
  #isBegun = false;
  #isStopping = false;

  constructor(services: JobServices) {
    this.#services = services;
    this.#listening = listenToEngine(
      services.engine,
      (runId) => [...this.#running.keys()].find(({ record }) => record.runId === runId),
      (job) => void this.#save(job),
      services.log,
    );
  }

  /**
   * Reads the jobs of before. Those that were taken in the same state folder, or by a process that is no more, run again once `begin` is
   * called.
   */
  async load(): Promise<void> {
    const { journal, log, serverId, isHolderAlive } = this.#services;
    for (const record of await journal.load(log)) {
      const job = new Job(record);
      this.#jobs.set(record.id, job);
      const isMine = record.server === serverId || !isHolderAlive(record.holder);
      if (!isEnded(record) && isMine) await this.#takeUpAgain(job);
    }
    await this.#forgetOld();
  }

  /** From now on jobs are run. */
  begin(): void {
    this.#isBegun = true;
    this.#startNext();
  }

  /**
   * Takes an order. Durable when it resolves. Rejects with `LOCKED` where the same machine is being backed up to the same repository
   * already, `QUOTA_EXCEEDED` where too many jobs of the tenant wait, `ABORTED` while the server stops.
   */
  async start(order: JobOrder, principal: Principal): Promise<Job> {
    if (this.#isStopping) throw stopping();
    this.#refuseSame(order);
    this.#refuseTooMany(principal);
    const job = new Job(this.#newRecord(order, principal));
    job.change({ state: 'queued' });
    // taken before it is written, so that the same order at the same time is refused
    this.#jobs.set(job.record.id, job);
    try {
      await this.#keep(job);
    } catch (error) {
      this.#jobs.delete(job.record.id);
      throw await this.#takeBack(job, error);
    }
    this.#waiting.push(job);
    this.#startNext();
    return job;
  }

  /** Jobs that `principal` sees, newest first. */
  list(principal: Principal): Job[] {
    return [...this.#jobs.values()].filter((job) => sees(principal, job)).toReversed();
  }

  /** The job with this id. Throws `NOT_FOUND`, also for one of another tenant. */
  get(id: string, principal: Principal): Job {
    const job = this.#jobs.get(id);
    if (job === undefined || !sees(principal, job)) throw unknownJob(id);
    return job;
  }

  /**
   * Asks a job to end; it is `cancelled` once it has given up cleanly, and at once where it waits. One that has ended stays as it is.
   * Rejects with `LOCKED` for one that another server runs, which nobody but that one can end; and as the journal does: then it ends all
   * the same, a job that waits when it is its turn, unless the server is started again before.
   */
  async cancel(job: Job): Promise<void> {
    if (isEnded(job.record)) return;
    if (!this.#waiting.includes(job) && !this.#running.has(job)) throw runElsewhere(job.record);
    job.record.cancelRequested = true;
    try {
      await this.#keep(job);
    } finally {
      job.stop.abort(new SendenseError('ABORTED', 'the job was cancelled', { operation: 'cancel-job' }));
    }
    // it waited while that was written: a job that is told as cancelled is run by no later start
    const waited = this.#waiting.indexOf(job);
    if (waited < 0) return;
    this.#waiting.splice(waited, 1);
    job.change({ state: 'cancelled', endedAt: this.#now() });
    await this.#save(job);
  }

  /** How many jobs are in each state. */
  counts(): Readonly<Record<JobState, number>> {
    const counts = Object.fromEntries(JOB_STATES.map((state) => [state, 0])) as Record<JobState, number>;
    for (const { record } of this.#jobs.values()) counts[record.state] += 1;
    return counts;
  }

  /** From now on no job is taken or begun, and what runs is asked to give up: it is `interrupted`, and goes on with the next start. */
  stop(): void {
    this.#isStopping = true;
    for (const { stop } of this.#running.keys()) stop.abort(stopping());
  }

  /** Stops, and resolves when what ran has given up. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await Promise.all(this.#running.values());
    this.#listening[Symbol.dispose]();
  }

  #newRecord(order: JobOrder, principal: Principal): JobRecord {
    const id = randomUUID();
    return {
      schema: 1,
      id,
      runId: id,
      order,
      state: 'queued',
      principal: principal.id,
      tenant: principal.tenant,
      server: this.#services.serverId,
      holder: this.#services.fence.holder,
      attempt: 1,
      cancelRequested: false,
      createdAt: this.#now(),
      startedAt: null,
      endedAt: null,
      result: null,
      error: null,
      events: [],
    };
  }

  async #takeUpAgain(job: Job): Promise<void> {
    const { record } = job;
    const wasRun = record.state !== 'queued';
    const attempt = record.attempt + (wasRun ? 1 : 0);
    // the history of backups has each attempt; a restore goes on under its id
    const runId = wasRun && record.order.kind === 'backup' ? randomUUID() : record.runId;
    const { serverId: server, fence } = this.#services;
    job.change({ server, holder: fence.holder, attempt, runId, state: 'queued' });
    this.#waiting.push(job);
    await this.#keep(job);
  }

  #startNext(): void {
    while (this.#isBegun && !this.#isStopping && this.#running.size < this.#services.limits.parallel) {
      const job = this.#takeNext();
      if (job === undefined) return;
      const run = this.#run(job).finally(() => {
        this.#running.delete(job);
        this.#startNext();
      });
      this.#running.set(job, run);
    }
  }

  /** Tenants take turns, so that one with a thousand jobs holds up no other; of each the job that has waited longest. */
  #takeNext(): Job | undefined {
    const turnOf = ({ record }: Job) => this.#turns.get(record.tenant) ?? 0;
    const next = this.#waiting.toSorted((a, b) => turnOf(a) - turnOf(b)).at(0);
    if (next === undefined) return undefined;
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    this.#turn += 1;
    this.#turns.set(next.record.tenant, this.#turn);
    return next;
  }

  /** Never rejects: how it ended is in the record. */
  async #run(job: Job): Promise<void> {
    const { run, log } = this.#services;
    job.change({ state: 'running', startedAt: job.record.startedAt ?? this.#now() });
    await this.#save(job);
    try {
      this.#refuseHopeless(job);
      const result = await run(job.record, { signal: job.stop.signal });
      job.change({ state: 'completed', result, endedAt: this.#now() });
    } catch (error) {
      const end = this.#endOf(job, error);
      if (end.state !== 'interrupted') await this.#undo(job);
      job.change(end);
      log({
        level: 'warn',
        message: `a job ended: ${messageOf(error)}`,
        fields: { job: job.record.id, state: job.record.state },
      });
    }
    await this.#save(job);
    await this.#forgetOld();
  }

  #endOf(job: Job, error: unknown): Partial<JobRecord> {
    const gaveIn = SendenseError.is(error, 'ABORTED') && error.operation !== GAVE_UP;
    if (gaveIn && this.#isStopping && !job.record.cancelRequested) return { state: 'interrupted' };
    // by us, or by whoever else the engine obeys
    if (gaveIn) return { state: 'cancelled', endedAt: this.#now() };
    return { ...failure(error), endedAt: this.#now() };
  }

  /** One that was to end when the server was killed, or that was cut short too often, is not run again; what it made is undone. */
  #refuseHopeless({ record: { attempt, cancelRequested } }: Job): void {
    if (cancelRequested) throw abortedError('run-job');
    if (attempt > this.#services.limits.attempts) throw gaveUp(attempt - 1);
  }

  /** What cannot be undone is a finding of the job, which ends all the same. */
  async #undo(job: Job): Promise<void> {
    try {
      await this.#services.undo(job.record);
    } catch (error) {
      const message = `what the job had made could not be removed: ${errorReply(error, true).body.error.message}`;
      job.addEvent('finding', { severity: 'warning', code: 'undo-failed', message, object: null });
      this.#services.log({ level: 'warn', message, fields: { job: job.record.id, error: messageOf(error) } });
    }
  }

  #refuseTooMany({ tenant }: Principal): void {
    const { waiting } = this.#services.limits;
    if (this.#waiting.filter(({ record }) => record.tenant === tenant).length >= waiting)
      throw tooMany(waiting);
  }

  #refuseSame(order: JobOrder): void {
    if (order.kind !== 'backup') return;
    for (const { record } of this.#jobs.values()) {
      const same = record.order.kind === 'backup' && record.order.vmName === order.vmName;
      if (same && record.order.repository === order.repository && !isEnded(record)) throw sameRuns(order);
    }
  }

  /**
   * Writes a job, then tells of its events. They are told also where the journal does not take them, because the job goes on all the same
   * and nobody would hear of its end. Rejects as the journal does.
   */
  async #keep(job: Job): Promise<void> {
    const { lastEventId } = job;
    await this.#services.journal.write(job.record).finally(() => job.tell(lastEventId));
  }

  /**
   * Makes sure that no later start runs an order that the caller is told was refused for `error`: a journal may have what it rejected.
   * Gives what the caller is to be told.
   */
  async #takeBack({ record: { id } }: Job, error: unknown): Promise<unknown> {
    try {
      await this.#services.journal.takeBack(id);
      return error;
    } catch (left) {
      const fields = { job: id, error: messageOf(left) };
      const message = 'a job that was refused may be in the journal: the next start would run it';
      this.#services.log({ level: 'error', message, fields });
      return mayRunLater(id, error);
    }
  }

  /** The journal holds what counts; a job whose news cannot be written runs on, and the log says so. */
  async #save(job: Job): Promise<void> {
    try {
      await this.#keep(job);
    } catch (error) {
      const fields = { job: job.record.id, error: messageOf(error) };
      this.#services.log({ level: 'error', message: 'the journal does not take a job', fields });
    }
  }

  /** Of each tenant the jobs that ended last are kept. */
  async #forgetOld(): Promise<void> {
    const ended = [...this.#jobs.values()].filter(({ record }) => isEnded(record));
    const byTenant = Map.groupBy(ended, ({ record }) => record.tenant);
    for (const jobs of byTenant.values()) {
      const latestFirst = jobs.toSorted((a, b) => endOf(b).localeCompare(endOf(a)));
      for (const { record } of latestFirst.slice(this.#services.limits.kept)) await this.#forget(record.id);
    }
  }

  async #forget(id: string): Promise<void> {
    this.#jobs.delete(id);
    await this.#services.journal.remove(id).catch((error: unknown) => {
      const fields = { job: id, error: messageOf(error) };
      this.#services.log({ level: 'warn', message: 'an old job could not be removed', fields });
    });
  }

  #now(): string {
    return this.#services.clock.now().toISOString();
  }
}

function endOf({ record }: Job): string {
  return record.endedAt ?? '';
}

function sees({ tenant }: Principal, { record, isTold }: Job): boolean {
  return isTold && (tenant === null || record.tenant === tenant);
}

function failure(error: unknown): Pick<JobRecord, 'state' | 'error'> {
  return { state: 'failed', error: errorReply(error, true).body.error };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
