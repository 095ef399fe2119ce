import {
  type PointFilter,
  type RecoveryPoint,
  type Repository,
  type RepositoryCapabilities,
  type RepositoryId,
  repositoryId,
} from '@sendense/core';
import { loadBlake3 } from '@sendense/plugin-kit/digest';
import { Lifetime } from '../lifetime.ts';
import { beginPoint } from './begin-point.ts';
import { openMemoryMaintenance } from './memory-maintenance.ts';
import { openMemoryPointReader } from './memory-point-reader.ts';
import { MemoryStore } from './memory-store.ts';
import { readRecord, readRecords } from './point-record.ts';
import { memoryRepositoryCapabilities } from './repository-capabilities.ts';
import { verifyStore } from './verify-store.ts';

/** How a memory repository behaves. */
export type MemoryRepositoryOptions = {
  /** Storage that outlives the repository: open a second one over it for a second process. */
  readonly store?: MemoryStore;
  readonly id?: RepositoryId;
  /** Piece size in bytes: alignment of writes and unit of digests. Default 64 KiB. */
  readonly pieceBytes?: number;
  /** What its disk writers ask for. Default any order, each byte as often as wanted. */
  readonly order?: 'random' | 'ascending';
  readonly rewritable?: boolean;
  /** Capabilities to take away, so that callers can be tested without them. */
  readonly capabilities?: Partial<Omit<RepositoryCapabilities, 'proof'>>;
};

/** A memory repository with its storage. */
export interface MemoryRepository extends Repository {
  readonly store: MemoryStore;
}

/** Keeps points in memory: pieces named by their digest, and one record a point whose creation commits it. */
export async function createMemoryRepository(
  options: MemoryRepositoryOptions = {},
): Promise<MemoryRepository> {
  const { store = new MemoryStore(), pieceBytes = 64 * 1024, order = 'random', rewritable = true } = options;
  const blake3 = await loadBlake3();
  const lifetime = new Lifetime('memory repository');
  const capabilities = { ...memoryRepositoryCapabilities, ...options.capabilities };
  const layout = { store, blake3, capabilities, pieceBytes, order, rewritable };
  return {
    specificationVersion: 'v1',
    kind: 'memory',
    id: options.id ?? repositoryId('memory'),
    capabilities,
    store,
    maintenance: openMemoryMaintenance(store, blake3, lifetime),
    async begin(draft, fence, call) {
      await lifetime.enter('begin-point', call);
      await fence.check();
      return beginPoint(layout, draft, fence);
    },
    async *points(filter, call) {
      await lifetime.enter('list-points', call);
      for (const { point } of readRecords(store, blake3)) {
        lifetime.check('list-points', call);
        if (matches(point, filter)) yield point;
      }
    },
    async open(id, opening) {
      await lifetime.enter('open-point', opening);
      const record = readRecord(store, id, blake3);
      const since = readRecords(store, blake3).find(({ point }) => point.id === opening?.since);
      return openMemoryPointReader({ store, record, since, pieceBytes, blake3 });
    },
    async *verify(scope, call) {
      await lifetime.enter('verify', call);
      for (const finding of verifyStore(store, scope, blake3)) {
        lifetime.check('verify', call);
        yield finding;
      }
    },
    async usage(call) {
      await lifetime.enter('read-usage', call);
      const points = readRecords(store, blake3).map(({ point }) => point);
      return {
        points: points.length,
        machines: new Set(points.map(({ machine }) => machine)).size,
        storedBytes: store.storedBytes,
        logicalBytes: points.flatMap(({ disks }) => disks).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        totalBytes: null,
        availableBytes: null,
      };
    },
    async [Symbol.asyncDispose]() {
      lifetime.close();
    },
  };
}

function matches({ machine, stream, at }: RecoveryPoint, filter: PointFilter | undefined): boolean {
  const { from, to } = filter ?? {};
  return (
    (filter?.machine ?? machine) === machine &&
    (filter?.stream ?? stream) === stream &&
    (from === undefined || at >= from) &&
    (to === undefined || at <= to)
  );
}
