import { ERROR_CODES, type ErrorCode } from '@sendense/core';
import { z } from 'zod';

const codes = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]];

/** The body of every reply that is no success; the fields of the command line's failures. */
export const errorSchema = z
  .strictObject({
    error: z.strictObject({
      code: z.enum(codes).describe('Stable; see the table of error codes.'),
      message: z.string().describe('One sentence for a person.'),
      remedy: z.string().nullable().describe('What the caller can do about it.'),
      operation: z.string().describe('The step that failed.'),
      retry: z
        .enum(['never', 'later', 'exhausted'])
        .describe(
          'never: the same call fails again. later: it may work later. exhausted: it was already retried.',
        ),
    }),
  })
  .meta({ id: 'Error' });

/** See {@link errorSchema}. */
export type ErrorBody = z.output<typeof errorSchema>;
