import { ERROR_CODES, type ErrorCode } from '@sendense/core';
import { z } from 'zod';

/** A code of the table, or in what a client reads of a newer server one that only that server knows. */
export type ApiErrorCode = ErrorCode | (string & {});

const codes = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]];

/** The codes of this version: all that its server answers. `@sendense/client` reads others too. */
export const errorCodeSchema = z
  .enum(codes)
  .describe('Stable; see the table of error codes.') as unknown as z.ZodType<ApiErrorCode, ApiErrorCode>;

/** The body of every reply that is no success; the fields of the command line's failures. */
export const errorSchema = z
  .strictObject({
    error: z.strictObject({
      code: errorCodeSchema,
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
