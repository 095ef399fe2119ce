import { z } from 'zod';
import { errorSchema } from './error.ts';
import { JOB_STATES, jobProgressSchema } from './job.ts';
import { findingSchema, instantSchema } from './names.ts';

/**
 * What the server-sent events of a job carry, by the name of the event. `state`, `step` and `finding` have ids, ascend from 1 and
 * come again after `Last-Event-ID`; `progress` has none, and what a client missed of it is gone.
 */
export const jobEventSchemas = {
  /** The job came into this state. */
  state: z.strictObject({
    state: z.enum(JOB_STATES),
    attempt: z.int().positive(),
    error: errorSchema.shape.error.nullable(),
  }),
  /** A step of the engine began or ended. */
  step: z.strictObject({
    step: z.string(),
    state: z.enum(['running', 'completed', 'failed']),
    error: z.string().nullable(),
    at: instantSchema,
  }),
  finding: findingSchema,
  progress: jobProgressSchema,
} as const;

/** Name of a server-sent event of a job. */
export type JobEventName = keyof typeof jobEventSchemas;

/** What the event of a name carries. */
export type JobEventData<Name extends JobEventName> = z.output<(typeof jobEventSchemas)[Name]>;
