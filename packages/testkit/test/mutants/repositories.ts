import { type RecoveryPoint, SendenseError } from '@sendense/core';
import {
  collect,
  createMemoryRepository,
  createTestFence,
  memoryRepositoryCapabilities,
  overlay,
  type Runner,
  repositoryConformance,
  storedObjects,
} from '../../src/index.ts';
import type { Mutant } from './mutant.ts';
import { type Change, maintaining, writing } from './repository-changes.ts';
import { keepingMutants } from './repository-keeping.ts';

/** Mutants of how a repository takes points. */
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
  ...keepingMutants,
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
