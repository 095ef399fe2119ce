import { SendenseError } from '@sendense/core';
import type { JobStatus } from '../schema/tables.ts';
import type { CatalogStore } from '../sqlite/catalog-store.ts';
import { parseJsonColumn } from '../sqlite/json-column.ts';
import type { Job, JobRequest, JobStep } from './job.ts';
import type { JobEventSource } from './job-events.ts';
import { backupJob, restoreJob } from './job-rows.ts';
import { type JobRecording, recordJobs } from './record-jobs.ts';

/** The tables of jobs that run here. */
const TABLES = ['backup_jobs', 'restore_jobs'] as const;

function processGone(job: Job): SendenseError {
  return new SendenseError('CONNECTION_LOST', `the process ${job.holder} ended without finishing the job`, {
    operation: `run-${job.kind}`,
    remedy: job.kind === 'restore' ? 'resume it with "restore resume"' : 'start it again; nothing was lost',
  });
}

/** The history of jobs: `backup_jobs`, `restore_jobs`, `restore_steps`. */
export class CatalogJobs {
  readonly #store: CatalogStore;

  constructor(store: CatalogStore) {
    this.#store = store;
  }

  /** Writes the jobs that an engine tells of. */
  record(events: JobEventSource, request: JobRequest): JobRecording {
    return recordJobs(this.#store, events, request);
  }

  /** One job. Throws `NOT_FOUND`. */
  async get(id: string): Promise<Job> {
    const job = (await this.list({ id }))[0];
    if (job !== undefined) return job;
    throw new SendenseError('NOT_FOUND', `there is no job ${id}`, {
      operation: 'read-job',
      remedy: 'list the jobs with "sendense-ctl jobs list"',
      context: { jobId: id },
    });
  }

  /** Jobs, oldest first. */
  list(filter: { readonly id?: string; readonly status?: JobStatus } = {}): Promise<Job[]> {
    return this.#store.read('list-jobs', async (db) => {
      let backups = db.selectFrom('backup_jobs').selectAll();
      let restores = db.selectFrom('restore_jobs').selectAll();
      if (filter.id !== undefined) {
        backups = backups.where('id', '=', filter.id);
        restores = restores.where('id', '=', filter.id);
      }
      if (filter.status !== undefined) {
        backups = backups.where('status', '=', filter.status);
        restores = restores.where('status', '=', filter.status);
      }
      const jobs = [
        ...(await backups.execute()).map(backupJob),
        ...(await restores.execute()).map(restoreJob),
      ];
      return jobs.toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : Number(a.createdAt > b.createdAt)));
    });
  }

  /** Steps of a restore, in order. */
  steps(id: string): Promise<JobStep[]> {
    return this.#store.read('read-steps', async (db) => {
      const rows = await db
        .selectFrom('restore_steps')
        .selectAll()
        .where('job_id', '=', id)
        .orderBy('position')
        .execute();
      return rows.map((row) => ({
        name: row.name,
        state: row.state,
        error: row.error_json === null ? null : parseJsonColumn(row.error_json),
      }));
    });
  }

  /** Asks the process that runs the job to cancel it; gives the job as it is. Throws `NOT_FOUND`. */
  async requestCancel(id: string): Promise<Job> {
    const job = await this.get(id);
    await this.#store.write('cancel-job', async (db) => {
      for (const table of TABLES) {
        await db
          .updateTable(table)
          .set({ cancel_requested: 1 })
          .where('id', '=', id)
          .where('status', 'in', ['pending', 'running'])
          .execute();
      }
    });
    return job;
  }

  /** Whether somebody asked to cancel the job; false for an unknown one. */
  cancelRequested(id: string): Promise<boolean> {
    return this.#store.read('read-job', async (db) => {
      for (const table of TABLES) {
        const row = await db
          .selectFrom(table)
          .select('cancel_requested')
          .where('id', '=', id)
          .executeTakeFirst();
        if (row !== undefined) return row.cancel_requested === 1;
      }
      return false;
    });
  }

  /** Marks the running jobs of holders that are no more as failed; gives their ids. */
  async closeAbandoned(isAlive: (holder: string) => boolean): Promise<string[]> {
    const running = await this.list({ status: 'running' });
    const abandoned = running.filter((job) => job.holder !== null && !isAlive(job.holder));
    for (const job of abandoned) await this.#fail(job, processGone(job));
    return abandoned.map((job) => job.id);
  }

  async #fail(job: Job, error: SendenseError): Promise<void> {
    await this.#store.write('end-job', (db) =>
      db
        .updateTable(job.kind === 'backup' ? 'backup_jobs' : 'restore_jobs')
        .set({
          status: 'failed',
          finished_at: this.#store.now(),
          error_json: JSON.stringify(error.toJSON()),
        })
        .where('id', '=', job.id)
        .where('status', '=', 'running')
        .execute(),
    );
  }
}
