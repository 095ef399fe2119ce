import { type BlockIoDriver, type PluginServices, SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { z } from 'zod';
import type { TrustedHead } from './head/trusted-head.ts';
import { SCRYPT_COST_LOG2 } from './keys/key-slot.ts';
import type { KeySource } from './keys/key-source.ts';
import { CHUNK_BYTES, GRACE_MS, RETAIN_MS } from './records/configuration.ts';
import type { ObjectStore } from './store/object-store.ts';

const MIB = 1024 * 1024;

/** Of `compactBelow`: more would copy again and again. */
const MOST_COMPACT_BELOW = 0.9;

const openSchema = z.object({
  /** Chunks that were read lately are kept up to so many bytes. */
  cacheBytes: z
    .int()
    .min(MIB)
    .default(64 * MIB),
  /**
   * Writers lock what a point needs for at least so long from its commit, in milliseconds; needs a store with object lock. Given when
   * the repository is made, it counts for every writer, also for those that ask for less or nothing.
   */
  retainMs: z.int().min(RETAIN_MS.least).max(RETAIN_MS.most).optional(),
  /** An interrupted point goes on where it was at most so many bytes, or a 64th of a disk, ago. */
  progressBytes: z
    .int()
    .min(MIB)
    .default(1024 * MIB),
  /** Prune copies what is needed of packs of which a smaller part is needed, so that they can go; 0: of none. */
  compactBelow: z.number().min(0).max(MOST_COMPACT_BELOW).default(0.5),
  /** One prune copies about so many bytes at the most. */
  compactBytes: z
    .int()
    .min(MIB)
    .default(1024 * MIB),
  /** zstd level of chunks, 1 to 19. */
  zstdLevel: z.int().min(1).max(19).default(3),
});
const createSchema = openSchema.extend({
  /** Size of chunks, a power of two; for the life of the repository. */
  chunkBytes: z
    .int()
    .min(CHUNK_BYTES.least)
    .max(CHUNK_BYTES.most)
    .refine((bytes) => Number.isInteger(Math.log2(bytes)), 'must be a power of two')
    .default(CHUNK_BYTES.default),
  /** How long what no point needs stays, in milliseconds. No backup may take longer than half of it. */
  graceMs: z.int().min(GRACE_MS.least).max(GRACE_MS.most).default(GRACE_MS.default),
  /** Cost of a guess at the passphrase: scrypt takes 2^costLog2 KiB of memory. */
  scryptCostLog2: z
    .int()
    .min(SCRYPT_COST_LOG2.least)
    .max(SCRYPT_COST_LOG2.most)
    .default(SCRYPT_COST_LOG2.default),
});

/** How to reach a repository. */
export type RepositoryAccess = {
  /** Where the objects are; closes with the repository. */
  readonly store: ObjectStore;
  /** What opens its keys. */
  readonly key: KeySource;
  /** Where this client remembers what it saw, so that a store that was put back to an earlier state is refused. */
  readonly trustedHead?: TrustedHead;
};

/** Options of an open repository. */
export type OpenObjectRepositoryOptions = RepositoryAccess & Readonly<z.input<typeof openSchema>>;
/** Options of a new repository. */
export type CreateObjectRepositoryOptions = RepositoryAccess & Readonly<z.input<typeof createSchema>>;
/** Options of a new repository, complete. */
export type CreateSettings = Readonly<z.output<typeof createSchema>>;
/** Options of an open repository, complete. */
export type OpenSettings = Readonly<z.output<typeof openSchema>>;

/** What an object repository uses of its host. The first driver that has a chunker does the work on bytes. */
export type ObjectRepositoryServices = Partial<
  Pick<PluginServices, 'clock' | 'random' | 'log' | 'temporaryDirectory'>
> & { readonly fileSystem?: FileSystem; readonly drivers?: readonly BlockIoDriver[] };

/** Options of a repository to be opened. Throws `CONFIG_INVALID` naming the wrong one. */
export const parseOpenOptions = (options: object): OpenSettings => parsed(openSchema, options);
/** Options of a repository to be made. Throws `CONFIG_INVALID` naming the wrong one. */
export const parseCreateOptions = (options: object): CreateSettings => parsed(createSchema, options);

function parsed<T>(schema: z.ZodType<T>, options: object): T {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new SendenseError(
    'CONFIG_INVALID',
    `object repository option ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`,
    { operation: 'open-repository', remedy: 'correct the option' },
  );
}
