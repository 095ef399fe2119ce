import {
  type BlockIoDriver,
  type Call,
  type Chunker,
  type ChunkerOptions,
  type Repository,
  Secret,
  SendenseError,
  systemServices,
  throwIfAborted,
} from '@sendense/core';
import { createChunker } from '@sendense/plugin-kit/chunks';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { capabilities } from './capabilities.ts';
import { newObjectId, type RepositoryContext } from './context.ts';
import { createStore } from './create-store.ts';
import { HeadKeeper } from './head/head-keeper.ts';
import { ChunkIndex } from './index/chunk-index.ts';
import { tableStorageIn } from './index/table-storage.ts';
import type { RepositoryKeys } from './keys/repository-keys.ts';
import { unlock } from './keys/unlock.ts';
import { type ObjectMaintenance, openMaintenance } from './maintain/maintenance.ts';
import {
  type CreateObjectRepositoryOptions,
  type ObjectRepositoryServices,
  type OpenObjectRepositoryOptions,
  parseCreateOptions,
  parseOpenOptions,
} from './options.ts';
import { ChunkCodec } from './packs/chunk-codec.ts';
import { AdaptiveWindow } from './read/adaptive-window.ts';
import { ChunkSource } from './read/chunk-source.ts';
import { listPoints, measureUsage } from './read/list-points.ts';
import { openPoint } from './read/open-point.ts';
import { PointCatalog } from './read/point-catalog.ts';
import { createSealer } from './seal/seal.ts';
import { checkRetention } from './store/check-retention.ts';
import { verifyRepository } from './verify/verify-repository.ts';
import { beginPoint } from './write/begin-point.ts';

/** A repository above an object store. */
export interface ObjectRepository extends Repository {
  readonly kind: 'object';
  /** Where its store is. */
  readonly location: string;
  readonly maintenance: ObjectMaintenance;
}

/**
 * Makes a repository in a store and opens it. Rejects with `ALREADY_EXISTS` when there is one, `UNSUPPORTED` when the store does
 * not honour create-only puts. The store closes with the repository, or when this rejects.
 */
export async function createObjectRepository(
  options: CreateObjectRepositoryOptions,
  services: ObjectRepositoryServices = {},
  call?: Call,
): Promise<ObjectRepository> {
  const { store, key } = options;
  const { random, clock } = systemServices(services);
  try {
    await createStore({ store, key, settings: parseCreateOptions(options), random, now: clock.now() }, call);
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
  return openObjectRepository(options, services, call);
}

/**
 * Opens a repository. Rejects with `NOT_FOUND` where there is none, `KEY_UNAVAILABLE` when no key slot opens,
 * `FORMAT_UNSUPPORTED` for a newer one, and with a trusted head `CORRUPT` when a point is gone that was seen before and that no prune
 * removed. The store closes with it, or when this rejects.
 */
export async function openObjectRepository(
  options: OpenObjectRepositoryOptions,
  services: ObjectRepositoryServices = {},
  call?: Call,
): Promise<ObjectRepository> {
  try {
    const context = await openContext(options, services, call);
    await context.head?.check(call).catch(async (error: unknown) => {
      await context.close();
      throw error;
    });
    return handleOf(context);
  } catch (error) {
    await options.store[Symbol.asyncDispose]();
    throw error;
  }
}

type OpenContext = RepositoryContext & {
  readonly masterKey: Uint8Array;
  readonly close: () => Promise<void>;
};

async function openContext(
  options: OpenObjectRepositoryOptions,
  services: ObjectRepositoryServices,
  call?: Call,
): Promise<OpenContext> {
  const { store, key } = options;
  const settings = parseOpenOptions(options);
  const { cacheBytes, zstdLevel, retainMs: wantedMs, progressBytes } = settings;
  if (wantedMs !== undefined) checkRetention(store);
  const { clock, random, log, drivers, temporaryDirectory } = systemServices(services);
  const { configuration, configuredAt, masterKey, keys } = await unlock(store, key, call);
  const sealer = createSealer(keys.seal, configuration.id);
  const codec = new ChunkCodec(
    openChunker(drivers, chunkerOptions(keys, configuration.chunkBytes, zstdLevel)),
    configuration.chunkBytes,
  );
  const createTable = tableStorageIn(services.fileSystem ?? nodeFileSystem, temporaryDirectory);
  const openIndex = () =>
    new ChunkIndex({ store, sealer, createTable, log, newId: () => newObjectId(random) });
  const index = openIndex();
  const window = new AdaptiveWindow(clock);
  const chunks = new ChunkSource({ store, codec, index, window, cacheBytes, log });
  const late = { graceMs: configuration.graceMs, configuredAt };
  const points = new PointCatalog({ store, sealer, log, late });
  const head =
    options.trustedHead &&
    new HeadKeeper(options.trustedHead, { store, sealer, points, configuration, clock, log });
  let isOpen = true;
  return {
    store,
    masterKey,
    configuration,
    configuredAt,
    keys,
    sealer,
    codec,
    index,
    openIndex,
    chunks,
    points,
    head,
    retainMs: longerOf(wantedMs, configuration.retainMs),
    progressBytes,
    compaction: { below: settings.compactBelow, bytes: settings.compactBytes },
    createTable,
    clock,
    random,
    log,
    enter(operation, entered) {
      if (!isOpen) throw new SendenseError('NOT_OPEN', 'the repository is closed', { operation });
      throwIfAborted(entered?.signal, operation);
    },
    async close() {
      isOpen = false;
      await codec[Symbol.asyncDispose]();
      await index[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

function chunkerOptions(keys: RepositoryKeys, chunkBytes: number, zstdLevel: number): ChunkerOptions {
  const secret = (key: Uint8Array) => new Secret(Buffer.from(key).toString('hex'));
  return { chunkBytes, zstdLevel, idKey: secret(keys.id), dataKey: secret(keys.data) };
}

function openChunker(drivers: readonly BlockIoDriver[], options: ChunkerOptions): Chunker {
  for (const driver of drivers) if (driver.chunker !== undefined) return driver.chunker(options);
  return createChunker(options, () => Promise.reject(new TypeError('chunks are read from memory here')));
}

/** The repository's own counts for every writer; who wants more gets more. */
function longerOf(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}

function handleOf(context: OpenContext): ObjectRepository {
  let closed: Promise<void> | undefined;
  return {
    specificationVersion: 'v1',
    kind: 'object',
    id: context.configuration.id,
    location: context.store.location,
    capabilities: {
      ...capabilities,
      immutability: context.retainMs !== undefined && context.store.capabilities.retention,
    },
    begin: (draft, fence, call) => beginPoint(context, draft, fence, call),
    points: (filter, call) => listPoints(context, filter, call),
    open: (point, options) => openPoint(context, point, options),
    verify: (scope, call) => verifyRepository(context, scope, call),
    usage: (call) => measureUsage(context, call),
    maintenance: openMaintenance(context, context.masterKey),
    [Symbol.asyncDispose]() {
      closed ??= context.close();
      return closed;
    },
  };
}
