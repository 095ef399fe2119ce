import { backupResultSchema, errorSchema, JOB_STATES, restoreResultSchema } from '@sendense/api';
import type { Json } from '@sendense/core';
import { z } from 'zod';
import { completeRecord } from './complete-record.ts';

/** Prefix of the journal's keys of jobs. */
export const JOB_PREFIX = 'server-jobs/';

/** zod's own JSON type is mutable; the values are the same. */
const json = z.json() as unknown as z.ZodType<Json>;

const orderSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('backup'),
    vmName: z.string(),
    repository: z.string(),
    type: z.enum(['auto', 'full', 'incremental', 'differential']),
    allowFull: z.boolean(),
  }),
  z.object({
    kind: z.literal('restore'),
    /** Of the machine in the backup. */
    vmName: z.string(),
    repository: z.string(),
    backupId: z.string(),
    target: z.string(),
    disks: z.array(z.string()).nullable(),
    overwrite: z.boolean(),
    verify: z.boolean(),
  }),
]);

/** What a job is to do, by names only: enough to do it again in another process. */
export type JobOrder = z.output<typeof orderSchema>;

const eventSchema = z.object({
  /** Ascending within the job, from 1: what `Last-Event-ID` speaks of. */
  id: z.int().positive(),
  name: z.enum(['state', 'step', 'finding']),
  data: json,
});

/** Something that happened to a job and is told even to clients that come later. */
export type JobEvent = z.output<typeof eventSchema>;

const recordSchema = z.object({
  schema: z.literal(1),
  id: z.string(),
  /** The engine's id of this attempt; the job's own for the first one, and for every attempt of a restore. */
  runId: z.string(),
  order: orderSchema,
  state: z.enum(JOB_STATES),
  principal: z.string(),
  tenant: z.string().nullable(),
  /** Id of the state folder of the server that took it, or took it up; earlier versions did not note it. */
  server: z.string().default(''),
  /** `Fence.holder` of the process that runs it. */
  holder: z.string(),
  attempt: z.int().positive(),
  cancelRequested: z.boolean(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  result: z.union([backupResultSchema, restoreResultSchema]).nullable(),
  error: errorSchema.shape.error.nullable(),
  events: z.array(eventSchema),
});

/** A job as the journal keeps it, also one of an earlier version. */
export const jobRecordSchema = z.preprocess(completeRecord, recordSchema);

/** See {@link jobRecordSchema}. */
export type JobRecord = z.output<typeof jobRecordSchema>;

/** What a job came to. */
export type JobResult = NonNullable<JobRecord['result']>;

/** Whether nothing more will happen to the job. */
export function isEnded({ state }: Pick<JobRecord, 'state'>): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}
