import { z } from 'zod';

/** Longest wait that a timer of Node takes. */
const MOST_MS = 2_147_483_647;

/** Options of {@link createFileRestore}. */
export const fileRestoreOptions = z.strictObject({
  /** A session that nothing was asked of for so long is closed, in milliseconds. */
  idleMs: z.int().positive().max(MOST_MS).default(3_600_000),
  /** Most sessions at once. */
  maxSessions: z.int().positive().default(64),
});

/** What a caller may give. */
export type FileRestoreOptions = z.input<typeof fileRestoreOptions>;
