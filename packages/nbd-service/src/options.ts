import type { NbdServerLimits, NbdServerTls } from '@sendense/blockio-nbd/server';
import type { BlockIoDriver, LogSink } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit';
import { z } from 'zod';
import type { OpenRepository } from './sources/shared-repositories.ts';

const folder = z.string().min(1).startsWith('/', 'must be an absolute path');

/** Options of a service, without what it takes from its host. */
export const nbdServiceOptionsSchema = z.strictObject({
  /** Folder of the service alone: lock, sockets, overlays. Made where it is missing. */
  directory: folder,
  /** Folder of the files that say what is exported; default `conf.d` in `directory`. Made where it is missing. */
  confDirectory: folder.optional(),
  /**
   * Folders that exports may name paths in, `any` where whoever can write the files may read all that the service can. Real paths
   * count.
   */
  roots: z.union([z.literal('any'), z.array(folder).readonly()]),
  /** Where it listens; default a unix socket in `directory`, for its owner alone. */
  address: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('unix'), path: folder }),
      z.strictObject({ kind: z.literal('tcp'), host: z.string().min(1), port: z.int().min(0).max(65_535) }),
    ])
    .optional(),
  /** The service stops when `callService` made it reload and nothing is left to serve. */
  endWhenEmpty: z.boolean().default(false),
});

/** See {@link nbdServiceOptionsSchema}. */
export type NbdServiceOptions = Readonly<z.input<typeof nbdServiceOptionsSchema>>;

/** What a service takes from its host. */
export type NbdServiceServices = {
  /** Opens the repositories that exports name. */
  readonly openRepository: OpenRepository;
  /** The first that can read raw files is asked for their holes. */
  readonly drivers?: readonly BlockIoDriver[];
  readonly fileSystem?: FileSystem;
  readonly log?: LogSink;
  readonly tls?: NbdServerTls;
  readonly limits?: Partial<NbdServerLimits>;
};
