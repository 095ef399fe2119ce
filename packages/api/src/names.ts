import { z } from 'zod';

/** A name of the server's configuration. */
export const placeNameSchema = z
  .string()
  .min(1)
  .max(256)
  .describe("A name of the server's configuration; never a path or URL.");

/** An id that the server gave out. */
export const idSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/, 'must be an id');

/** An instant: ISO 8601, UTC, with milliseconds. */
export const instantSchema = z.iso.datetime();

/** A number of bytes. */
export const bytesSchema = z.int().nonnegative();

/** What was noticed beside the result. */
export const findingSchema = z
  .strictObject({
    severity: z.enum(['info', 'warning', 'error']),
    code: z.string(),
    message: z.string(),
    object: z.string().nullable().describe('What it is about, as far as that is known.'),
    disk: z.string().nullable().default(null).describe('The disk it is about.'),
    backup_id: z.string().nullable().default(null).describe('The backup it is about.'),
  })
  .meta({ id: 'Finding' });

/** See {@link findingSchema}. */
export type ApiFinding = z.output<typeof findingSchema>;
