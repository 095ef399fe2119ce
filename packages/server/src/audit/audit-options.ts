import { z } from 'zod';

/** How long an audit log may become. */
export const auditOptionsSchema = z.strictObject({
  /** A file that would grow beyond this is put aside. */
  maxFileBytes: z
    .int()
    .min(64 * 1024)
    .default(16 * 1024 * 1024),
  /** How many files that were put aside are kept; older ones are removed. */
  keptFiles: z.int().min(1).max(1000).default(50),
});

/** See {@link auditOptionsSchema}. */
export type AuditOptions = z.output<typeof auditOptionsSchema>;
