import { z } from 'zod';
import { accessOptionsSchema } from './access/access-options.ts';
import { rateLimitOptionsSchema } from './access/rate-limits.ts';
import { auditOptionsSchema } from './audit/audit-options.ts';
import { browseOptionsSchema, mountOptionsSchema } from './mounts/mount-options.ts';

const jobLimitsSchema = z.strictObject({
  /** Jobs that run at once. */
  parallel: z.int().positive().default(4),
  /** Jobs of one tenant that may wait beside those that run; more are refused with `QUOTA_EXCEEDED`. */
  waiting: z.int().positive().default(1000),
  /** How often a job that a stop cut short goes on, before it has failed. */
  attempts: z.int().positive().default(5),
  /** Jobs of one tenant that have ended and are still told of. */
  kept: z.int().positive().default(1000),
});

/** How many jobs run, wait and are kept. */
export type JobLimits = z.output<typeof jobLimitsSchema>;

/** Options of a server, without what it takes from its host. */
export const serverOptionsSchema = z.strictObject({
  /** Where it listens. Other addresses than this machine's own need `tls` and access. */
  listen: z
    .strictObject({
      // a name is resolved by others, and this one means what it says
      host: z
        .string()
        .min(1)
        .transform((host) => (host === 'localhost' ? '127.0.0.1' : host)),
      port: z.int().min(0).max(65_535),
    })
    .default({ host: '127.0.0.1', port: 0 }),
  /** Files in PEM; read at the start. */
  tls: z.strictObject({ certificateFile: z.string().min(1), keyFile: z.string().min(1) }).optional(),
  /** Folder of the server: tokens, audit log, and the backups that are mounted as folders. Made where it is missing. */
  stateDirectory: z.string().min(1).startsWith('/', 'must be an absolute path'),
  /** Issuer and tenants; tokens lie in the state folder. */
  access: accessOptionsSchema.prefault({}),
  audit: auditOptionsSchema.prefault({}),
  rates: rateLimitOptionsSchema.prefault({}),
  jobs: jobLimitsSchema.prefault({}),
  browse: browseOptionsSchema.prefault({}),
  mounts: mountOptionsSchema.prefault({}),
  limits: z
    .strictObject({
      bodyBytes: z
        .int()
        .positive()
        .default(1024 * 1024),
      /** A request must have arrived within it. */
      requestMs: z.int().positive().default(30_000),
      connections: z.int().positive().default(1024),
      /** Archives of files that are made at once, of whatever tenants; each may take some hundred megabytes of memory. */
      archives: z.int().positive().default(4),
      /**
       * A connection on which nothing moves for so long is closed, except where a download has nothing to give; streams of events have a
       * sign of life every 15 s.
       */
      stalledMs: z.int().positive().default(300_000),
      /** How long a stop waits for replies under way before it hangs up. */
      stopMs: z.int().positive().default(5000),
    })
    .prefault({}),
});

/** See {@link serverOptionsSchema}. */
export type ServerOptions = Readonly<z.input<typeof serverOptionsSchema>>;

/** The same with defaults. */
export type ResolvedOptions = z.output<typeof serverOptionsSchema>;
