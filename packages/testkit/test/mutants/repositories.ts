import {
  type DiskView,
  type PointWriter,
  type RecoveryPoint,
  type Repository,
  SendenseError,
} from '@sendense/core';
import {
  collect,
  createMemoryRepository,
  createTestFence,
  type MemoryStore,
  memoryRepositoryCapabilities,
  overlay,
  type Runner,
  repositoryConformance,
  storedObjects,
} from '../../src/index.ts';
import type { Mutant } from './mutant.ts';

type Change = (repository: Repository, store: MemoryStore) => Repository;

/** Changes the writer of every point. */
const writing =
  (change: (writer: PointWriter, repository: Repository) => PointWriter): Change =>
  (repository) =>
    overlay(repository, { begin: async (...given) => change(await repository.begin(...given), repository) });

/** Changes every point that is listed. */
const listing =
  (change: (points: RecoveryPoint[]) => RecoveryPoint[]): Change =>
  (repository) =>
    overlay(repository, {
      async *points(filter, call) {
        yield* change(await collect(repository.points(filter, call)));
      },
    });

const maintaining =
  (
    change: (
      maintenance: NonNullable<Repository['maintenance']>,
      repository: Repository,
    ) => Partial<NonNullable<Repository['maintenance']>>,
  ): Change =>
  (repository) => {
    const maintenance = repository.maintenance as NonNullable<Repository['maintenance']>;
    return overlay(repository, { maintenance: overlay(maintenance, change(maintenance, repository)) });
  };

const views =
  (change: (view: DiskView) => DiskView): Change =>
  (repository) =>
    overlay(repository, {
      async open(...given) {
        const reader = await repository.open(...given);
        return overlay(reader, { disks: reader.disks.map(change) });
      },
    });

/** Changes each commit record. */
const recording = (change: (point: RecoveryPoint) => RecoveryPoint): Change =>
  listing((points) => points.map(change));

export const repositoryMutants: readonly Mutant<Change>[] = [
  {
    breaks: 'shows a point before its commit',
    caughtBy: 'shows nothing of a point before its commit',
    change: (repository) => {
      const begun: RecoveryPoint[] = [];
      return overlay(repository, {
        async begin(draft, fence, call) {
          begun.push(draft as unknown as RecoveryPoint);
          return await repository.begin(draft, fence, call);
        },
        async *points() {
          yield* begun;
        },
      });
    },
  },
  {
    breaks: 'refuses a repeated commit',
    caughtBy: 'gives the same record when a commit is repeated',
    change: writing((writer) => {
      let done = false;
      return overlay(writer, {
        async commit(states, call) {
          if (done) throw new SendenseError('CONFLICT', 'already committed', { operation: 'commit-point' });
          done = true;
          return await writer.commit(states, call);
        },
      });
    }),
  },
  {
    breaks: 'refuses the commit of the same point by another writer',
    caughtBy: 'lets another writer repeat the commit of the same point',
    change: (repository) =>
      overlay(repository, {
        async begin(draft, fence, call) {
          const taken = (await collect(repository.points())).some(({ id }) => id === draft.id);
          if (taken) throw new SendenseError('CONFLICT', 'taken', { operation: 'begin-point' });
          return await repository.begin(draft, fence, call);
        },
      }),
  },
  {
    breaks: 'takes a delta whose base is not there as a full',
    caughtBy: 'refuses a base that is not there',
    change: (repository) =>
      overlay(repository, {
        async begin(draft, fence, call) {
          const there = new Set((await collect(repository.points())).map(({ id }) => id));
          const disks = draft.disks.map((disk) =>
            disk.base !== null && there.has(disk.base) ? disk : { ...disk, base: null },
          );
          return await repository.begin({ ...draft, disks }, fence, call);
        },
      }),
  },
  {
    breaks: 'applies a delta to a base of another machine',
    caughtBy: 'refuses a base that is another machine or lacks the disk',
    change: (repository) =>
      overlay(repository, {
        async begin(draft, fence, call) {
          const base = (await collect(repository.points())).find(({ id }) => id === draft.disks[0]?.base);
          const disks = draft.disks.map((disk, index) => ({
            ...disk,
            id: base?.disks[index]?.id ?? disk.id,
          }));
          const writer = await repository.begin(
            { ...draft, disks, machine: base?.machine ?? draft.machine },
            fence,
            call,
          );
          const named = new Map(
            draft.disks.map(({ id }, index) => [id, [...writer.disks.values()][index] as never]),
          );
          return overlay(writer, { disks: named });
        },
      }),
  },
  {
    breaks: 'gives a taken sequence to a second point',
    caughtBy: 'refuses a second point with a taken sequence',
    change: (repository) =>
      overlay(repository, {
        async begin(draft, fence, call) {
          const taken = await collect(repository.points({ stream: draft.stream }));
          return await repository.begin({ ...draft, sequence: draft.sequence + taken.length }, fence, call);
        },
      }),
  },
  {
    breaks: 'commits after the lease is lost',
    caughtBy: 'commits nothing when the lease is lost',
    change: (repository) =>
      overlay(repository, { begin: (draft, _, call) => repository.begin(draft, createTestFence(), call) }),
  },
  {
    breaks: 'prunes a held point',
    caughtBy: 'holds a point against delete and prune until it is released, for every process',
    change: maintaining((maintenance, repository) => ({
      async prune(policy, options) {
        for (const { id } of await collect(repository.points()))
          await maintenance.annotate?.(id, { held: false });
        return await maintenance.prune(policy, options);
      },
    })),
  },
  {
    breaks: 'deletes a held point',
    caughtBy: 'holds a point against delete and prune until it is released, for every process',
    change: maintaining((maintenance) => ({
      async delete(id, call) {
        await maintenance.annotate?.(id, { held: false });
        return await maintenance.delete(id, call);
      },
    })),
  },
  {
    breaks: 'deletes the base of a running backup',
    caughtBy: 'keeps the base of a running backup until it ends',
    change: (repository, store) =>
      overlay(repository, {
        async begin(...given) {
          const writer = await repository.begin(...given);
          store.crash();
          const [draft] = given;
          const lost = async (): Promise<boolean> => {
            const there = (await collect(repository.points())).map(({ id }) => id);
            return draft.disks.some(({ base }) => base !== null && !there.includes(base));
          };
          return overlay(writer, {
            async commit(states, call) {
              if (await lost())
                throw new SendenseError('CORRUPT', 'the base is gone', { operation: 'commit-point' });
              return await writer.commit(states, call);
            },
          });
        },
      }),
  },
  {
    breaks: 'prunes all streams as one',
    caughtBy: 'applies a policy to each stream alone',
    change: maintaining((maintenance, repository) => ({
      async prune(policy) {
        const ids = (await collect(repository.points())).map(({ id }) => id);
        const removed = ids.slice(0, Math.max(0, ids.length - (policy.last ?? 0)));
        for (const id of removed) await maintenance.delete(id);
        return { kept: ids.slice(removed.length), removed, freedBytes: 0, findings: [] };
      },
    })),
  },
  {
    breaks: 'prunes in a dry run',
    caughtBy: 'keeps what each rule of a policy keeps',
    change: maintaining((maintenance) => ({ prune: (policy) => maintenance.prune(policy) })),
  },
  {
    breaks: 'keeps days where weeks are asked for',
    caughtBy: 'keeps what each rule of a policy keeps',
    change: maintaining((maintenance) => ({
      prune: ({ weekly, ...policy }, options) =>
        maintenance.prune(weekly === undefined ? policy : { ...policy, daily: weekly }, options),
    })),
  },
  {
    breaks: 'verifies nothing',
    caughtBy: 'finds any flipped bit, or it was harmless',
    change: (repository) => overlay(repository, { async *verify() {} }),
  },
  {
    breaks: 'verifies the structure when the data is asked for',
    caughtBy: 'finds any flipped bit, or it was harmless',
    change: (repository) =>
      overlay(repository, {
        verify: (scope, call) => repository.verify({ ...scope, depth: 'structure' }, call),
      }),
  },
  {
    breaks: 'commits when it is disposed',
    caughtBy: 'leaves no trace of a point that was given up',
    change: writing((writer) =>
      overlay(writer, {
        async [Symbol.asyncDispose]() {
          await writer.commit([]).catch(() => undefined);
          await writer[Symbol.asyncDispose]();
        },
      }),
    ),
  },
  {
    breaks: 'leaves the pieces of a point that was given up',
    caughtBy: 'leaves no trace of a point that was given up',
    change: (repository, store) =>
      overlay(repository, {
        async begin(...given) {
          store.objects.set(`partial/${given[0].id}`, new Uint8Array(1));
          return await repository.begin(...given);
        },
      }),
  },
  {
    breaks: 'lists points newest first',
    caughtBy: 'lists points oldest first',
    change: listing((points) => points.toReversed()),
  },
  {
    breaks: 'leaves out the point at the end of a time range',
    caughtBy: 'lists what a filter lets through, with both ends of a time range',
    change: (repository) =>
      overlay(repository, {
        async *points(filter, call) {
          for await (const point of repository.points(filter, call)) {
            if (filter?.to === undefined || point.at < filter.to) yield point;
          }
        },
      }),
  },
  {
    breaks: 'opens another point for one that is not there',
    caughtBy: 'shows nothing of a point before its commit',
    change: (repository) =>
      overlay(repository, {
        open: async (id, options) =>
          await repository
            .open(id, options)
            .catch(
              () => ({ disks: [], artifacts: [], [Symbol.asyncDispose]: async () => undefined }) as never,
            ),
      }),
  },
  {
    breaks: 'takes a sensitive artifact in the clear',
    caughtBy: 'refuses a sensitive artifact without encryption with INCOMPATIBLE',
    change: writing((writer) =>
      overlay(writer, {
        artifact: (artifact, call) => writer.artifact({ ...artifact, sensitive: false }, call),
      }),
    ),
  },
  {
    breaks: 'gives a consolidated point another instant',
    caughtBy: 'makes a point stand alone without changing what it is',
    change: maintaining((maintenance) => ({
      async consolidate(request, call) {
        const report = await maintenance.consolidate?.(request, call);
        return {
          ...(report as NonNullable<typeof report>),
          point: { ...report?.point, instant: 'new' } as never,
        };
      },
    })),
  },
  {
    breaks: 'reads an open point from wherever it lies now',
    caughtBy: 'lets an open reader keep its bytes whatever is deleted and rewritten',
    change: (repository) =>
      overlay(repository, {
        async open(id, options) {
          const first = await repository.open(id, options);
          const disks = first.disks.map((view, index) => ({
            ...view,
            reader: overlay(view.reader, {
              async read(offset, into, call) {
                const now = await repository.open(id);
                await now.disks[index]?.reader.read(offset, into, call);
                await now[Symbol.asyncDispose]();
              },
            }),
          }));
          return overlay(first, { disks });
        },
      }),
  },
  {
    breaks: 'numbers disks by their position',
    caughtBy: 'numbers a disk once and never gives the number to another',
    change: writing((writer) =>
      overlay(writer, {
        async commit(states, call) {
          const point = await writer.commit(states, call);
          return { ...point, disks: point.disks.map((disk, number) => ({ ...disk, number })) };
        },
      }),
    ),
  },
  {
    breaks: 'forgets the skipped disks',
    caughtBy: 'records everything that the draft and the commit say',
    change: recording((point) => ({ ...point, skipped: [] })),
  },
  {
    breaks: 'forgets the change states',
    caughtBy: 'records everything that the draft and the commit say',
    change: recording((point) => ({ ...point, states: [] })),
  },
  {
    breaks: 'leaves an extent out of the changes since a point',
    caughtBy: 'tells what changed since another point, or why it cannot',
    change: views((view) => {
      const { changes } = view;
      return changes.kind === 'full' ? view : { ...view, changes: { ...changes, async *extents() {} } };
    }),
  },
  {
    breaks: 'reads the base where a delta says zeros',
    caughtBy: 'reads zeros where a delta says zeros over data of its base',
    change: writing((writer) =>
      overlay(writer, {
        disks: new Map(
          [...writer.disks].map(([id, disk]) => [id, overlay(disk, { zero: async () => undefined })]),
        ),
      }),
    ),
  },
  {
    breaks: 'starts a delta from zeros',
    caughtBy: 'reads a delta as its base with the changes over it',
    change: (repository) =>
      overlay(repository, {
        begin: (draft, fence, call) =>
          repository.begin(
            { ...draft, disks: draft.disks.map((disk) => ({ ...disk, base: null })) },
            fence,
            call,
          ),
      }),
  },
  {
    breaks: 'counts nothing stored',
    caughtBy: 'counts what it keeps',
    change: (repository) =>
      overlay(repository, { usage: async (call) => ({ ...(await repository.usage(call)), storedBytes: 0 }) }),
  },
  {
    breaks: 'gives digests of the base for a delta',
    caughtBy: 'gives digests of a delta that are the digests of what is read',
    change: views((view) => ({
      ...view,
      reader: overlay(view.reader, {
        async *digests(pieces) {
          for await (const piece of pieces) yield new Uint8Array(piece.length > 0 ? 32 : 0);
        },
      }),
    })),
  },
];

export function registerRepository(runner: Runner, change: Change): void {
  repositoryConformance(runner, {
    name: 'mutant',
    capabilities: memoryRepositoryCapabilities,
    reader: { order: 'random', locate: false, digests: true },
    async open() {
      const repository = await createMemoryRepository();
      const { store } = repository;
      return {
        repository: change(repository, store),
        reopen: async () => change(await createMemoryRepository({ store }), store),
        stored: async () => storedObjects(store),
      };
    },
  });
}
