import {
  type Fence,
  type Finding,
  type JobId,
  type Journal,
  type Json,
  jobId,
  machineRefSchema,
  pointId,
  type RestoreResult,
  type RestoreState,
  repositoryId,
  restorePlanSchema,
} from '@sendense/core';
import { z } from 'zod';
import { restoreKey } from './journal-keys.ts';
import { type JournalRecord, openJournalRecord } from './journal-record.ts';
import type { RestoreOrder } from './restore-order.ts';

/** The named steps of a restore, in order. */
export const RESTORE_STEPS = ['check', 'begin', 'copy', 'flush', 'verify', 'commit'] as const;
/** See {@link RESTORE_STEPS}. */
export type RestoreStepName = (typeof RESTORE_STEPS)[number];

/** zod's own JSON type is mutable; the values are the same. */
const json = z.json() as unknown as z.ZodType<Json>;

const stepSchema = z.object({
  name: z.enum(RESTORE_STEPS),
  state: z.enum(['pending', 'running', 'completed', 'failed', 'skipped']),
  /** `SendenseError.toJSON()` of the last failure. */
  error: json.nullable(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
});

/** One persisted step of a restore. */
export type RestoreStep = z.output<typeof stepSchema>;

const stateSchema = z.object({
  schema: z.templateLiteral([z.string().min(1), '/', z.int()]),
  plan: z.string(),
  data: z.json(),
});

const resultSchema = z.looseObject({
  disks: z.array(z.looseObject({ id: z.string(), location: z.string(), sizeBytes: z.number() })),
  findings: z.array(z.looseObject({})),
});

const orderSchema = z
  .object({
    into: z.enum(['new-machine', 'disks-only', 'existing-disks']).optional(),
    existing: machineRefSchema.optional(),
    disks: z.array(z.string()).optional(),
    overwrite: z.boolean().optional(),
    start: z.boolean().optional(),
    options: json.optional(),
  })
  .transform((order) => order as RestoreOrder);

const restoreRecordSchema = z.object({
  schema: z.literal(1),
  job: z.string().transform(jobId),
  holder: z.string().max(256),
  outcome: z.enum(['running', 'completed', 'failed', 'cancelled', 'rolled-back']),
  repository: z.string().transform(repositoryId),
  point: z.string().transform(pointId),
  platform: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  verify: z.boolean(),
  /** What the target was asked for, to ask again when the check has to be repeated. */
  order: orderSchema,
  /** What the host needs to open repository and target again; opaque here. */
  host: json,
  plan: restorePlanSchema.nullable(),
  state: stateSchema.nullable().transform((state) => state as RestoreState | null),
  steps: z.array(stepSchema),
  progress: z.object({
    doneBytes: z.number(),
    totalBytes: z.number(),
    bytesWritten: z.number(),
    elapsedMs: z.number(),
    verifyMs: z.number(),
    verified: z.boolean(),
  }),
  findings: z.array(z.looseObject({})).transform((findings) => findings as unknown as readonly Finding[]),
  result: resultSchema.nullable().transform((result) => result as unknown as RestoreResult | null),
});

/** The engine's memory of one restore job: enough to go on in another process. */
export type RestoreRecord = z.output<typeof restoreRecordSchema>;

/** Opens the record of a restore; see {@link openJournalRecord} for errors. */
export function openRestoreRecord(
  journal: Journal,
  job: JobId,
  fence: Fence,
): Promise<JournalRecord<RestoreRecord>> {
  return openJournalRecord<RestoreRecord>(journal, restoreKey(job), restoreRecordSchema, fence);
}
