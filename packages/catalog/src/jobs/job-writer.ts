import type { CatalogStore } from '../sqlite/catalog-store.ts';
import type { JobRequest } from './job.ts';
import type { JobEndEvent, JobStartEvent, JobSubject, StepEndEvent, StepStartEvent } from './job-events.ts';
import { backupResultColumns, restoreResultColumns } from './job-results.ts';

function backupSubject(subject: JobSubject) {
  return {
    ...(subject.machine === undefined ? {} : { machine_key: subject.machine }),
    ...(subject.machineName === undefined ? {} : { machine_name: subject.machineName }),
    ...restoreSubject(subject),
  };
}

function restoreSubject(subject: JobSubject) {
  return {
    ...(subject.repository === undefined ? {} : { repository_id: subject.repository }),
    ...(subject.point === undefined ? {} : { point_id: subject.point }),
  };
}

/** Writes the events of jobs into the tables, one transaction an event. */
export class JobWriter {
  readonly #store: CatalogStore;
  readonly #request: JobRequest;

  constructor(store: CatalogStore, request: JobRequest) {
    this.#store = store;
    this.#request = request;
  }

  /** A job runs from now on; a resumed restore runs again under its id. */
  async start({ jobId, verb, subject, at }: JobStartEvent): Promise<void> {
    const { holder, requestedType = 'auto', target } = this.#request;
    const begun = { status: 'running' as const, holder, started_at: at.toISOString() };
    const row = { ...begun, id: jobId, created_at: begun.started_at };
    await this.#store.write('start-job', async (db) => {
      if (verb === 'backup') {
        const values = { ...row, requested_type: requestedType, ...backupSubject(subject) };
        await db.insertInto('backup_jobs').values(values).execute();
      }
      if (verb === 'restore') {
        await db
          .insertInto('restore_jobs')
          .values({ ...row, target: target ?? null, ...restoreSubject(subject) })
          .onConflict((conflict) =>
            conflict
              .column('id')
              .doUpdateSet({ ...begun, cancel_requested: 0, finished_at: null, error_json: null }),
          )
          .execute();
      }
    });
  }

  /** A job has ended. */
  async end({ jobId, verb, subject, at, outcome, result, error }: JobEndEvent): Promise<void> {
    const ending = {
      status: outcome,
      finished_at: at.toISOString(),
      error_json: error === null ? null : JSON.stringify(error.toJSON()),
    };
    await this.#store.write('end-job', async (db) => {
      if (verb === 'backup') {
        const change = { ...ending, ...backupSubject(subject), ...backupResultColumns(result) };
        await db.updateTable('backup_jobs').set(change).where('id', '=', jobId).execute();
      }
      if (verb === 'restore') {
        const change = { ...ending, ...restoreSubject(subject), ...restoreResultColumns(result) };
        await db.updateTable('restore_jobs').set(change).where('id', '=', jobId).execute();
      }
    });
  }

  /** A step of a restore starts, or starts again. */
  async startStep({ jobId, verb, step, at }: StepStartEvent): Promise<void> {
    if (verb !== 'restore') return;
    const begun = {
      state: 'running' as const,
      error_json: null,
      started_at: at.toISOString(),
      finished_at: null,
    };
    await this.#store.write('start-step', async (db) => {
      const { count } = await db
        .selectFrom('restore_steps')
        .select((select) => select.fn.countAll<number>().as('count'))
        .where('job_id', '=', jobId)
        .executeTakeFirstOrThrow();
      await db
        .insertInto('restore_steps')
        .values({ job_id: jobId, position: count, name: step, ...begun })
        .onConflict((conflict) => conflict.columns(['job_id', 'name']).doUpdateSet(begun))
        .execute();
    });
  }

  /** A step of a restore has ended. */
  async endStep({ jobId, verb, step, at, error }: StepEndEvent): Promise<void> {
    if (verb !== 'restore') return;
    await this.#store.write('end-step', (db) =>
      db
        .updateTable('restore_steps')
        .set({
          state: error === null ? 'completed' : 'failed',
          error_json: error === null ? null : JSON.stringify(error.toJSON()),
          finished_at: at.toISOString(),
        })
        .where('job_id', '=', jobId)
        .where('name', '=', step)
        .execute(),
    );
  }
}
