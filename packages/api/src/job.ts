import { z } from 'zod';
import { backupResultSchema } from './backup.ts';
import { errorSchema } from './error.ts';
import { bytesSchema, idSchema, instantSchema } from './names.ts';
import { restoreResultSchema } from './restore.ts';

/**
 * `interrupted`: the server stopped, or died, with the job under way; it goes on when the server starts again. The last three are for
 * good.
 */
export const JOB_STATES = ['queued', 'running', 'interrupted', 'completed', 'failed', 'cancelled'] as const;

/** See {@link JOB_STATES}. */
export type JobState = (typeof JOB_STATES)[number];

/** How far a job is. */
export const jobProgressSchema = z
  .strictObject({
    done_bytes: bytesSchema,
    total_bytes: bytesSchema,
    percent: z.number().min(0).max(100),
    bytes_per_second: z.number().nonnegative(),
    eta_seconds: z.number().nonnegative().nullable(),
  })
  .meta({ id: 'JobProgress' });

/** A job, as every operation that tells of one shows it. */
export const jobSchema = z
  .strictObject({
    job_id: z.string(),
    kind: z.enum(['backup', 'restore']),
    state: z.enum(JOB_STATES),
    vm_name: z.string(),
    repository: z.string(),
    target: z.string().nullable().describe('Of a restore.'),
    backup_id: z.string().nullable().describe('What a backup made, or a restore reads.'),
    requested_type: z
      .enum(['auto', 'full', 'incremental', 'differential'])
      .nullable()
      .describe('What a backup was asked to be; null of a restore.'),
    requested_by: z.string(),
    attempt: z.int().positive().describe('More than 1: it went on after the server stopped.'),
    cancel_requested: z.boolean(),
    created_at: instantSchema,
    started_at: instantSchema.nullable(),
    ended_at: instantSchema.nullable(),
    steps: z
      .array(
        z.strictObject({
          name: z.string(),
          state: z.enum(['running', 'completed', 'failed']),
          error: z.string().nullable(),
        }),
      )
      .describe('What of the work was begun, in this order.'),
    progress: jobProgressSchema.nullable(),
    result: z.union([backupResultSchema, restoreResultSchema]).nullable(),
    error: errorSchema.shape.error.nullable(),
  })
  .meta({ id: 'Job' });

/** See {@link jobSchema}. */
export type JobView = z.output<typeof jobSchema>;

/** Answer of `GET /api/v1/jobs`: newest first. */
export const jobListSchema = z.strictObject({ jobs: z.array(jobSchema) });

/** Query of `GET /api/v1/jobs`. */
export const listJobsSchema = z.strictObject({
  state: z.enum(JOB_STATES).optional(),
  vm_name: z.string().min(1).max(256).optional(),
});

/** Path of one job. */
export const jobParamsSchema = z.strictObject({ job_id: idSchema });

/** See {@link jobProgressSchema}. */
export type JobProgress = z.output<typeof jobProgressSchema>;

/** See {@link jobListSchema}. */
export type JobList = z.output<typeof jobListSchema>;

/** See {@link listJobsSchema}. */
export type ListJobs = z.input<typeof listJobsSchema>;
