import type { Call, Clock, LogSink, Random } from '@sendense/core';
import type { HeadKeeper } from './head/head-keeper.ts';
import type { ChunkIndex } from './index/chunk-index.ts';
import type { CreateTableStorage } from './index/table-storage.ts';
import type { RepositoryKeys } from './keys/repository-keys.ts';
import type { ChunkCodec } from './packs/chunk-codec.ts';
import type { ChunkSource } from './read/chunk-source.ts';
import type { PointCatalog } from './read/point-catalog.ts';
import type { Configuration } from './records/configuration.ts';
import type { Sealer } from './seal/seal.ts';
import type { ObjectStore } from './store/object-store.ts';

/** An open repository, as its parts share it. */
export type RepositoryContext = {
  readonly store: ObjectStore;
  readonly configuration: Configuration;
  /** The time of the configuration by the store's clock. */
  readonly configuredAt: Date;
  readonly keys: RepositoryKeys;
  readonly sealer: Sealer;
  readonly codec: ChunkCodec;
  readonly index: ChunkIndex;
  /** Another index of the same repository, empty until it is asked. */
  openIndex(): ChunkIndex;
  readonly chunks: ChunkSource;
  readonly points: PointCatalog;
  /** A point in the making says how far it is about every so many bytes. */
  readonly progressBytes: number;
  /** How long writers lock what a point needs, in milliseconds; `undefined` without object lock. */
  readonly retainMs: number | undefined;
  /** Prune copies what is needed of packs of which a smaller part than `below` is, at most `bytes` at once. */
  readonly compaction: { readonly below: number; readonly bytes: number };
  /** What this client saw of the repository, where it keeps it. */
  readonly head: HeadKeeper | undefined;
  readonly createTable: CreateTableStorage;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: LogSink;
  /** Throws `NOT_OPEN` once the repository is closed, `ABORTED` when the call's signal has fired. */
  enter(operation: string, call?: Call): void;
};

/** A new random id: 32 hex digits. */
export function newObjectId(random: Random): string {
  return Buffer.from(random.bytes(16)).toString('hex');
}
