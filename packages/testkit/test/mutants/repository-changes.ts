import type { DiskView, PointWriter, RecoveryPoint, Repository } from '@sendense/core';
import { collect, type MemoryStore, overlay } from '../../src/index.ts';

/** What a mutant does to a repository. */
export type Change = (repository: Repository, store: MemoryStore) => Repository;

/** Changes the writer of every point. */
export const writing =
  (change: (writer: PointWriter, repository: Repository) => PointWriter): Change =>
  (repository) =>
    overlay(repository, { begin: async (...given) => change(await repository.begin(...given), repository) });

/** Changes every point that is listed. */
export const listing =
  (change: (points: RecoveryPoint[]) => RecoveryPoint[]): Change =>
  (repository) =>
    overlay(repository, {
      async *points(filter, call) {
        yield* change(await collect(repository.points(filter, call)));
      },
    });

type Maintenance = NonNullable<Repository['maintenance']>;

/** Replaces members of the maintenance; one given as `undefined` is not there. */
export const maintaining =
  (
    change: (
      maintenance: Maintenance,
      repository: Repository,
    ) => { readonly [K in keyof Maintenance]?: Maintenance[K] | undefined },
  ): Change =>
  (repository) => {
    const maintenance = repository.maintenance as Maintenance;
    return overlay(repository, { maintenance: overlay(maintenance, change(maintenance, repository)) });
  };

export const views =
  (change: (view: DiskView) => DiskView): Change =>
  (repository) =>
    overlay(repository, {
      async open(...given) {
        const reader = await repository.open(...given);
        return overlay(reader, { disks: reader.disks.map(change) });
      },
    });

/** Changes each commit record. */
export const recording = (change: (point: RecoveryPoint) => RecoveryPoint): Change =>
  listing((points) => points.map(change));
