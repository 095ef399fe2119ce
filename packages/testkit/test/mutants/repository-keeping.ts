import { SendenseError } from '@sendense/core';
import { collect, overlay } from '../../src/index.ts';
import type { Mutant } from './mutant.ts';
import { type Change, listing, maintaining, recording, views, writing } from './repository-changes.ts';

/** Mutants of what a repository does with points that it has. */
export const keepingMutants: readonly Mutant<Change>[] = [
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
    breaks: 'declares holds and has none',
    caughtBy: 'holds a point against delete and prune until it is released, for every process',
    change: maintaining(() => ({ annotate: undefined })),
  },
  {
    breaks: 'forgets the hold with the process',
    caughtBy: 'holds a point against delete and prune until it is released, for every process',
    change: maintaining((_, repository) => ({
      async annotate(id, { held = false, note = null }, call) {
        for (const point of await collect(repository.points(undefined, call)))
          if (point.id === id) return { ...point, held, note };
        throw new SendenseError('NOT_FOUND', 'no such point', { operation: 'annotate-point' });
      },
    })),
  },
  {
    breaks: 'drops the note of every other point with one that is noted',
    caughtBy: 'changes of a point only what is annotated, and refuses a point that is not there',
    change: maintaining((maintenance, repository) => ({
      async annotate(id, change, call) {
        const annotate = maintenance.annotate?.bind(maintenance);
        if (annotate === undefined) throw new TypeError('no annotate');
        if (change.note !== undefined)
          for (const point of await collect(repository.points()))
            if (point.id !== id) await annotate(point.id, { note: 'swept' }, call);
        return await annotate(id, change, call);
      },
    })),
  },
  {
    breaks: 'declares consolidation and has none',
    caughtBy: 'has the consolidation that it declares',
    change: maintaining(() => ({ consolidate: undefined })),
  },
  {
    breaks: 'merges in whatever direction it is told',
    caughtBy: 'refuses to consolidate a point that is not there, and points that do not build on each other',
    change: maintaining((maintenance, repository) => ({
      async consolidate(request, call) {
        const consolidate = maintenance.consolidate?.bind(maintenance);
        if (consolidate === undefined) throw new TypeError('no consolidate');
        const ids = (await collect(repository.points())).map(({ id }) => id);
        const turned =
          request.kind === 'merge' && ids.indexOf(request.onto) > ids.indexOf(request.point)
            ? { ...request, point: request.onto, onto: request.point }
            : request;
        return await consolidate(turned, call);
      },
    })),
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
