import { type PluginServices, SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { z } from 'zod';

/** Options of a local repository. */
export const localRepositoryOptionsSchema = z.strictObject({
  /** Folder of the repository, on one file system. */
  path: z.string().min(1).max(4096),
  /** How long to wait for another process at the same machine, in milliseconds. */
  lockTimeoutMs: z.int().nonnegative().default(60_000),
  /** How often an open repository says that it is alive, in milliseconds. */
  heartbeatMs: z.int().min(100).default(15_000),
  /** After how long without that another host takes it for dead, in milliseconds. Processes of one host know at once. */
  staleAfterMs: z.int().min(1000).default(600_000),
});

/** See {@link localRepositoryOptionsSchema}, before defaults. */
export type LocalRepositoryOptions = Readonly<z.input<typeof localRepositoryOptionsSchema>>;

/** What a local repository uses of its host; the files of this machine when not given. The first driver moves bytes within it. */
export type LocalRepositoryServices = Partial<
  Pick<PluginServices, 'clock' | 'random' | 'log' | 'drivers'>
> & {
  readonly fileSystem?: FileSystem;
};

/** Checks options; throws `CONFIG_INVALID` naming the wrong one. */
export function parseOptions(options: LocalRepositoryOptions): z.output<typeof localRepositoryOptionsSchema> {
  const parsed = localRepositoryOptionsSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new SendenseError(
    'CONFIG_INVALID',
    `local repository option ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`,
    { operation: 'open-repository', remedy: 'correct the option' },
  );
}
