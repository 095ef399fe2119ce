import { z } from 'zod';

/** Longest wait that a timer of Node takes. */
export const MOST_TIMER_MS = 2_147_483_647;

/** Options of {@link mountPoint}. */
export const mountOptions = z.strictObject({
  /** Folder that all mounts of an installation are recorded in, each in a folder of its own; made where it is missing. */
  directory: z.string().min(1),
  /** Where the files are shown: an empty folder, or one to make. Default: a folder in `directory`, for its owner alone. */
  path: z.string().min(1).optional(),
  /** Ids of volumes; default all that can be mounted. */
  volumes: z.array(z.string().min(1)).min(1).optional(),
  /** Says that the disks come from a machine that is trusted with this one: drivers read what was written there. */
  trustImage: z.boolean().default(false),
  /** A mount that nobody has anything open in, and of which nothing was read for so long, ends; in milliseconds. */
  idleMs: z.int().positive().max(MOST_TIMER_MS).default(3_600_000),
  /** This process has nothing else to do: who ends the mount from elsewhere ends it too, by SIGTERM. */
  dedicated: z.boolean().default(false),
});

/** What a caller may give. */
export type MountOptions = z.input<typeof mountOptions>;

/** With all defaults. */
export type MountSettings = z.output<typeof mountOptions>;
