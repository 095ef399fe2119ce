import type { Capture, DiskView, SourceConnector } from '@sendense/core';
import {
  createMemorySource,
  MemoryHypervisor,
  memorySourceCapabilities,
  openMemoryReader,
  overlay,
  type Runner,
  sourceConformance,
} from '../../src/index.ts';
import type { Mutant } from './mutant.ts';

type Change = (source: SourceConnector, hypervisor: MemoryHypervisor) => SourceConnector;

/** Changes every capture. */
const capturing =
  (change: (capture: Capture, hypervisor: MemoryHypervisor) => Capture): Change =>
  (source, hypervisor) =>
    overlay(source, { capture: async (...given) => change(await source.capture(...given), hypervisor) });

/** Changes every disk of every capture. */
const views = (change: (view: DiskView, hypervisor: MemoryHypervisor) => DiskView): Change =>
  capturing((capture, hypervisor) =>
    overlay(capture, { disks: capture.disks.map((view) => change(view, hypervisor)) }),
  );

const abandoned = 'leaves nothing of a capture that is given up, before and after its seal';
const reconciled = 'removes what a dead process left, and nothing that is kept, young, or not the owner`s';

export const sourceMutants: readonly Mutant<Change>[] = [
  {
    breaks: 'makes older states invalid when it seals',
    caughtBy: 'keeps an older state valid whatever newer captures do',
    change: capturing((capture, hypervisor) => {
      const older = [...hypervisor.baselines.keys()].slice(0, -1);
      return overlay(capture, {
        async seal(call) {
          for (const name of older) hypervisor.dropBaseline(name);
          return await capture.seal(call);
        },
      });
    }),
  },
  {
    breaks: 'makes older states invalid when it is given up',
    caughtBy: 'keeps an older state valid whatever newer captures do',
    change: capturing((capture, hypervisor) => {
      const older = [...hypervisor.baselines.keys()].slice(0, -1);
      return overlay(capture, {
        async [Symbol.asyncDispose]() {
          if (older.length > 1) for (const name of older) hypervisor.dropBaseline(name);
          await capture[Symbol.asyncDispose]();
        },
      });
    }),
  },
  {
    breaks: 'retires the baselines of every stream',
    caughtBy: 'keeps the baselines of two streams apart',
    change: (source, hypervisor) =>
      overlay(source, {
        async retire() {
          for (const name of hypervisor.baselines.keys()) hypervisor.dropBaseline(name);
        },
      }),
  },
  {
    breaks: 'refuses to retire a state twice',
    caughtBy: 'forgets retired states only, as often as it is asked',
    change: (source, hypervisor) =>
      overlay(source, {
        async retire(states, call) {
          const before = hypervisor.baselines.size;
          await source.retire(states, call);
          if (hypervisor.baselines.size === before) throw new Error('no such baseline');
        },
      }),
  },
  {
    breaks: 'keeps the candidate of a capture that was given up',
    caughtBy: abandoned,
    change: capturing((capture) =>
      overlay(capture, {
        async [Symbol.asyncDispose]() {
          await capture.commit().catch(() => undefined);
          await capture[Symbol.asyncDispose]();
        },
      }),
    ),
  },
  {
    breaks: 'leaves its snapshot behind when it is disposed',
    caughtBy: abandoned,
    change: capturing((capture) => overlay(capture, { [Symbol.asyncDispose]: async () => undefined })),
  },
  {
    breaks: 'starts the candidate when it is sealed',
    caughtBy: 'has in the next delta what was written while the capture was open',
    change: capturing((capture, hypervisor) =>
      overlay(capture, {
        async seal(call) {
          const state = await capture.seal(call);
          const { bitmap } = (state?.data ?? {}) as { readonly bitmap?: string };
          for (const { disks } of hypervisor.machines.values()) {
            for (const disk of disks) if (bitmap !== undefined) disk.track(bitmap, 65_536);
          }
          return state;
        },
      }),
    ),
  },
  {
    breaks: 'gives another state when seal is repeated',
    caughtBy: 'gives the same state when seal is repeated, and commits as often as it is asked',
    change: capturing((capture) => {
      let seals = 0;
      return overlay(capture, {
        async seal(call) {
          const state = await capture.seal(call);
          seals += 1;
          return state === null ? null : { ...state, data: seals };
        },
      });
    }),
  },
  {
    breaks: 'misses the last changed extent',
    caughtBy: 'answers with what changed since the state, and nothing is missed',
    change: views((view) => {
      const { changes } = view;
      if (changes.kind === 'full') return view;
      return {
        ...view,
        changes: {
          ...changes,
          async *extents() {
            for await (const extent of changes.extents()) {
              if (extent.offset + extent.length < view.sizeBytes) yield extent;
            }
          },
        },
      };
    }),
  },
  {
    breaks: 'names another instant than the state',
    caughtBy: 'answers with what changed since the state, and nothing is missed',
    change: views((view) =>
      view.changes.kind === 'full'
        ? view
        : { ...view, changes: { ...view.changes, since: 'other' as never } },
    ),
  },
  {
    breaks: 'reads the whole disk for an increment',
    caughtBy: 'reads no more than the pieces that were written',
    change: views((view) =>
      view.changes.kind === 'full'
        ? view
        : {
            ...view,
            changes: {
              ...view.changes,
              extents: () => view.reader.extents({ offset: 0, length: view.sizeBytes }),
            },
          },
    ),
  },
  {
    breaks: 'gives the bytes of now instead of the instant',
    caughtBy: 'gives the bytes of the instant while the guest writes on, or says that the instant is lost',
    change: views((view, hypervisor) => {
      const disk = [...hypervisor.machines.values()]
        .flatMap(({ disks }) => disks)
        .find(({ id }) => id === view.id);
      const now = () =>
        openMemoryReader(
          disk?.freeze() ??
            new MemoryHypervisor()
              .addMachine({ name: 'x', disks: [0] })
              .disk()
              .freeze(),
        );
      return { ...view, reader: overlay(view.reader, { read: (offset, into) => now().read(offset, into) }) };
    }),
  },
  {
    breaks: 'is full without a reason',
    caughtBy: 'captures every byte of every disk in full the first time, and says why',
    change: views((view) =>
      view.changes.kind === 'full' ? { ...view, changes: { ...view.changes, reason: '' } } : view,
    ),
  },
  {
    breaks: 'freezes the machine for a plan',
    caughtBy: 'plans what it then does, and changes nothing for it',
    change: (source) =>
      overlay(source, {
        async plan(request, call) {
          await source.capture({ ...request, id: `${request.id}-plan` as never }, call);
          return await source.plan(request, call);
        },
      }),
  },
  {
    breaks: 'plans full and then is incremental',
    caughtBy: 'plans what it then does, and changes nothing for it',
    change: (source) =>
      overlay(source, { plan: (request, call) => source.plan({ ...request, since: [] }, call) }),
  },
  {
    breaks: 'removes a capture that is kept',
    caughtBy: reconciled,
    change: (source) =>
      overlay(source, { reconcile: (keep, call) => source.reconcile({ ...keep, captures: [] }, call) }),
  },
  {
    breaks: 'removes what is another owner`s',
    caughtBy: reconciled,
    change: (source) =>
      overlay(source, { reconcile: (keep, call) => source.reconcile({ ...keep, owner: 'sendense' }, call) }),
  },
  {
    breaks: 'removes what is young',
    caughtBy: reconciled,
    change: (source) =>
      overlay(source, { reconcile: (keep, call) => source.reconcile({ ...keep, graceMs: 0 }, call) }),
  },
  {
    breaks: 'removes what belongs to a stream that was not read',
    caughtBy: reconciled,
    change: (source) =>
      overlay(source, {
        reconcile: ({ owner, states, captures, restores, replicas, graceMs }, call) =>
          source.reconcile({ owner, states, captures, restores, replicas, graceMs }, call),
      }),
  },
  {
    breaks: 'removes the baseline of a kept state',
    caughtBy: 'misses nothing when the process dies between the destination`s commit and its own',
    change: (source) =>
      overlay(source, { reconcile: (keep, call) => source.reconcile({ ...keep, states: [] }, call) }),
  },
  {
    breaks: 'cannot bear a state that it does not know',
    caughtBy: 'takes the first state that holds, and is full with a reason when none does',
    change: (source) =>
      overlay(source, {
        async capture(request, call) {
          for (const { data } of request.since) {
            if (data === null) throw new TypeError('cannot read properties of null');
          }
          return await source.capture(request, call);
        },
      }),
  },
  {
    breaks: 'looks at the newest state only',
    caughtBy: 'keeps an older state valid whatever newer captures do',
    change: (source) =>
      overlay(source, {
        async capture(request, call) {
          return await source.capture({ ...request, since: request.since.slice(0, 0) }, call);
        },
      }),
  },
  {
    breaks: 'does not list what lies beyond the old end of a disk',
    caughtBy: 'lists everything beyond the old end of a grown disk, and takes a cut one in full',
    change: views((view) => {
      const { changes } = view;
      if (changes.kind === 'full') return view;
      return {
        ...view,
        changes: {
          ...changes,
          async *extents() {
            for await (const extent of changes.extents()) if (extent.offset < 262_144) yield extent;
          },
        },
      };
    }),
  },
  {
    breaks: 'takes a weaker consistency than is accepted',
    caughtBy: 'obtains a consistency that is accepted, or refuses with QUIESCE_FAILED and leaves nothing',
    change: (source) =>
      overlay(source, {
        capture: (request, call) =>
          source.capture({ ...request, consistency: { ...request.consistency, accept: 'crash' } }, call),
      }),
  },
  {
    breaks: 'says nothing of a weaker consistency than was wanted',
    caughtBy: 'obtains a consistency that is accepted, or refuses with QUIESCE_FAILED and leaves nothing',
    change: capturing((capture) => overlay(capture, { findings: [] })),
  },
  {
    breaks: 'leaves a disk out in silence',
    caughtBy: 'leaves excluded disks out and says so',
    change: capturing((capture) => overlay(capture, { skipped: [] })),
  },
  {
    breaks: 'holds a state good for a disk it skipped',
    caughtBy: 'leaves excluded disks out and says so',
    change: (source, hypervisor) =>
      overlay(source, {
        async capture(request, call) {
          const capture = await source.capture(request, call);
          const all = hypervisor.machine(request.machine).disks.map(({ id }) => id);
          return overlay(capture, {
            async seal(options) {
              const state = await capture.seal(options);
              return state === null ? null : { ...state, disks: all };
            },
          });
        },
      }),
  },
  {
    breaks: 'names its objects by itself',
    caughtBy: 'names every object it makes after the capture',
    change: (source) =>
      overlay(source, {
        capture: (request, call) => source.capture({ ...request, id: 'own-name' as never }, call),
      }),
  },
  {
    breaks: 'adopts what is left with other bytes under the same instant',
    caughtBy: 'adopts or removes what an earlier call with the same id left',
    change: (source, hypervisor) => {
      const instants = new Map<string, Capture['instant']>();
      return overlay(source, {
        async capture(request, call) {
          const left = hypervisor.frozen.get(request.id)?.instant;
          if (left !== undefined) instants.set(request.id, left);
          hypervisor.frozen.delete(request.id);
          const capture = await source.capture(request, call);
          return overlay(capture, { instant: instants.get(request.id) ?? capture.instant });
        },
      });
    },
  },
  {
    breaks: 'lists a machine twice',
    caughtBy: 'lists each machine once, and by name',
    change: (source) =>
      overlay(source, {
        async *machines(filter, call) {
          yield* source.machines(filter, call);
          yield* source.machines(filter, call);
        },
      }),
  },
  {
    breaks: 'leaves a snapshot behind when it is aborted',
    caughtBy: 'leaves nothing behind when a capture is aborted under way',
    change: (source) =>
      overlay(source, {
        async capture(request, call) {
          const capture = await source.capture(request);
          call?.signal?.throwIfAborted();
          return capture;
        },
      }),
  },
];

export function registerSource(runner: Runner, change: Change): void {
  sourceConformance(runner, {
    name: 'mutant',
    capabilities: memorySourceCapabilities,
    reader: { order: 'random', locate: false, digests: false },
    owner: 'sendense',
    async open(sizes) {
      const hypervisor = new MemoryHypervisor();
      const machine = hypervisor.addMachine({ name: 'machine-1', disks: sizes });
      const open = () => change(createMemorySource({ hypervisor }), hypervisor);
      return {
        source: open(),
        machine: machine.ref,
        disks: machine.disks.map(({ id }) => id),
        write: async (disk, offset, data) => machine.disk(disk).write(offset, data),
        resize: async (disk, sizeBytes) => machine.disk(disk).resize(sizeBytes),
        reopen: async () => open(),
        objects: async () => hypervisor.objects(),
      };
    },
  });
}
