import { z } from 'zod';
import { bytesSchema, findingSchema, idSchema, placeNameSchema } from './names.ts';

/** Body of `POST /api/v1/restore/start`. */
export const startRestoreSchema = z
  .strictObject({
    backup_id: idSchema,
    repository: placeNameSchema.optional(),
    target: placeNameSchema,
    disks: z
      .array(z.string().regex(/^(disk-)?\d{1,4}$/, 'must be N or disk-N'))
      .min(1)
      .max(256)
      .optional()
      .describe('Only these; default all.'),
    overwrite: z.boolean().default(false).describe('Replace what is there.'),
    verify: z.boolean().default(true).describe('Read the target back and compare.'),
  })
  .meta({ id: 'StartRestore' });

/** What a restore made. */
export const restoreResultSchema = z
  .strictObject({
    backup_id: z.string(),
    bytes_written: bytesSchema,
    duration_ms: z.int().nonnegative(),
    verified: z.boolean().describe('The target was read back and is, byte for byte, what the backup holds.'),
    verify_ms: z.int().nonnegative().describe('How long that took.'),
    disks: z.array(z.strictObject({ id: z.string(), size_bytes: bytesSchema })),
    findings: z.array(findingSchema),
  })
  .meta({ id: 'RestoreResult' });

/** See {@link startRestoreSchema}. */
export type StartRestore = z.input<typeof startRestoreSchema>;

/** See {@link restoreResultSchema}. */
export type ApiRestoreResult = z.output<typeof restoreResultSchema>;
