import {
  type ReplicaCapabilities,
  type ReplicaFork,
  type ReplicaOperations,
  SendenseError,
} from '@sendense/core';
import {
  createTestFence,
  type MemoryTarget,
  overlay,
  type ReplicaFixture,
  type Runner,
  replicaConformance,
} from '../../src/index.ts';
import { openReplicaFixture } from '../replica-fixture.ts';
import type { Mutant } from './mutant.ts';

type Change = {
  readonly capabilities?: Partial<ReplicaCapabilities>;
  readonly target: (target: MemoryTarget) => MemoryTarget;
};

const ALL: ReplicaCapabilities = { history: 3, readable: true, fork: true, adopt: true, reverseState: true };

type Operations = (replicas: ReplicaOperations, target: MemoryTarget) => Partial<ReplicaOperations>;

/** Replaces some of the operations. */
const operating = (members: Operations, capabilities: Partial<ReplicaCapabilities> = {}): Change => ({
  capabilities,
  target(target) {
    const { replicas } = target;
    if (replicas === undefined) return target;
    return overlay(target, { replicas: overlay(replicas, members(replicas, target)) });
  },
});

/** Changes every fork. */
const forking = (
  change: (fork: ReplicaFork, target: MemoryTarget, replica: string) => ReplicaFork,
  capabilities: Partial<ReplicaCapabilities> = {},
): Change =>
  operating(
    (replicas, target) => ({
      fork: async (replica, ...given) =>
        change(await replicas.fork(replica, ...given), target, replica.machine.id),
    }),
    capabilities,
  );

const kept = (target: MemoryTarget, id: string) => target.hypervisor.replicas.get(id);

export const replicaMutants: readonly Mutant<Change>[] = [
  {
    breaks: 'forgets the last disk',
    caughtBy: 'a first cycle makes a replica with every byte of every disk',
    change: operating((replicas) => ({
      async begin(cycle, fence, call) {
        const writer = await replicas.begin(cycle, fence, call);
        const last = [...writer.disks].at(-1);
        if (last === undefined) return writer;
        const [id, disk] = last;
        const forgetful = overlay(disk, { write: async () => undefined });
        return overlay(writer, { disks: new Map([...writer.disks, [id, forgetful]]) });
      },
    })),
  },
  {
    breaks: 'applies a delta to nothing',
    caughtBy: 'a further cycle sends what changed, and the rest is as in the instant before',
    change: operating((replicas, target) => ({
      async begin(cycle, fence, call) {
        const replica = kept(target, cycle.replica.id);
        const held = replica?.held ?? [];
        const writer = await replicas.begin(cycle, fence, call);
        if (held.length === 0 || replica === undefined) return writer;
        for (const disk of writer.disks.values()) await disk.zero(0, disk.sizeBytes);
        return writer;
      },
    })),
  },
  {
    breaks: 'tells the status from a record of its own process',
    caughtBy: 'the status tells the instants that are there, the newest last, to every process',
    change: operating((replicas) => {
      const begun = new Set<string>();
      return {
        begin: (cycle, ...given) => {
          begun.add(cycle.replica.id);
          return replicas.begin(cycle, ...given);
        },
        async status(replica, call) {
          const status = await replicas.status(replica, call);
          return begun.has(replica.id) ? status : { ...status, instants: [] };
        },
      };
    }),
  },
  {
    breaks: 'keeps one instant where it declares several',
    caughtBy: 'keeps as many instants as it declares, and no more',
    change: operating((replicas) => ({
      async begin(cycle, fence, call) {
        const writer = await replicas.begin(cycle, fence, call);
        return overlay(writer, {
          async commit(again) {
            await writer.commit(again);
            if (cycle.from !== null) await replicas.retire(cycle.replica, [cycle.from], again);
            return await replicas.status(cycle.replica, again);
          },
        });
      },
    })),
  },
  {
    breaks: 'applies a delta to whatever is there',
    caughtBy: 'refuses a cycle from an instant that the replica does not hold, and a second first one',
    change: operating((replicas) => ({
      async begin(cycle, fence, call) {
        const { instants } = await replicas.status(cycle.replica, call);
        return await replicas.begin({ ...cycle, from: instants.at(-1) ?? null }, fence, call);
      },
    })),
  },
  {
    breaks: 'writes into the machine that would start',
    caughtBy: 'a cycle that is given up leaves the instant before, promotable, and nothing else',
    change: operating((replicas, target) => ({
      async begin(cycle, fence, call) {
        const writer = await replicas.begin(cycle, fence, call);
        const machine = target.hypervisor.machines.get(cycle.replica.machine.id);
        const torn = [...writer.disks].map(
          ([id, disk], number) =>
            [
              id,
              overlay(disk, {
                async write(offset, data, again) {
                  machine?.disk(number).write(offset, data);
                  await disk.write(offset, data, again);
                },
              }),
            ] as const,
        );
        return overlay(writer, { disks: new Map(torn) });
      },
    })),
  },
  {
    breaks: 'locks a replica for a process that is gone',
    caughtBy: 'a cycle whose process died is begun again by another, from the same instant',
    change: operating((replicas, target) => ({
      async begin(cycle, fence, call) {
        const writer = await replicas.begin(cycle, fence, call);
        const { restored } = target.hypervisor;
        const name = `lock ${cycle.replica.id}`;
        if (restored.has(name)) throw new SendenseError('LOCKED', 'in use', { operation: 'begin-cycle' });
        restored.set(name, { plan: name as never, owner: 'sendense' });
        return overlay(writer, {
          async [Symbol.asyncDispose]() {
            restored.delete(name);
            await writer[Symbol.asyncDispose]();
          },
        });
      },
    })),
  },
  {
    breaks: 'refuses a repeated commit',
    caughtBy: 'a repeated commit of a cycle gives the same status',
    change: operating((replicas) => ({
      async begin(...given) {
        const writer = await replicas.begin(...given);
        let done = false;
        return overlay(writer, {
          async commit(call) {
            if (done) throw new Error('already committed');
            done = true;
            return await writer.commit(call);
          },
        });
      },
    })),
  },
  {
    breaks: 'commits after the lease is lost',
    caughtBy: 'commits no cycle when the lease is lost',
    change: operating((replicas) => ({
      begin: (cycle, _, call) => replicas.begin(cycle, createTestFence(), call),
    })),
  },
  {
    breaks: 'does not look who wrote',
    caughtBy: 'tells that somebody else wrote to the replica',
    change: operating((replicas) => ({
      status: async (...given) => ({ ...(await replicas.status(...given)), foreignWrites: false }),
    })),
  },
  {
    breaks: 'builds on what somebody else wrote',
    caughtBy: 'a cycle after somebody else wrote to the replica gives exactly the new instant',
    change: operating((replicas, target) => ({
      async begin(cycle, fence, call) {
        const { foreignWrites } = await replicas.status(cycle.replica, call);
        const writer = await replicas.begin(cycle, fence, call);
        const machine = target.hypervisor.machines.get(cycle.replica.machine.id);
        if (!foreignWrites || machine === undefined) return writer;
        for (const [number, disk] of [...writer.disks.values()].entries())
          await disk.write(0, machine.disk(number).freeze().bytes());
        return writer;
      },
    })),
  },
  {
    breaks: 'opens the newest instant whatever was asked for',
    caughtBy: 'opens each instant that it holds, with the bytes of that instant',
    change: operating((replicas, target) => ({
      async open(replica, instant, call) {
        const point = await replicas.open(replica, instant, call);
        const newest = kept(target, replica.id)?.held.at(-1)?.id ?? instant;
        return overlay(await replicas.open(replica, newest, call), { point: point.point });
      },
    })),
  },
  {
    breaks: 'opens another instant for one that it does not hold',
    caughtBy: 'refuses to open an instant that it does not hold',
    change: operating((replicas, target) => ({
      open: (replica, instant, call) => {
        const held = kept(target, replica.id)?.held ?? [];
        const known = held.find(({ id }) => id === instant) ?? held.at(-1);
        return replicas.open(replica, known?.id ?? instant, call);
      },
    })),
  },
  {
    breaks: 'lets an open instant change with the replica',
    caughtBy: 'an open instant keeps its bytes while the replica goes on',
    change: operating((replicas, target) => ({
      async open(replica, instant, call) {
        const point = await replicas.open(replica, instant, call);
        const disks = point.disks.map((view, number) => {
          const read = async (offset: number, into: Uint8Array) => {
            const at = { offset, length: into.byteLength };
            into.set(target.hypervisor.machine(replica.machine).disk(number).freeze().bytes(at));
          };
          return { ...view, reader: overlay(view.reader, { read }) };
        });
        return overlay(point, { disks });
      },
    })),
  },
  {
    breaks: 'clears what it adopts',
    caughtBy: 'adopts a machine as it is, and the next cycle sends only what changed',
    change: operating((replicas, target) => ({
      async adopt(machine, instant, call) {
        const replica = await replicas.adopt(machine, instant, call);
        target.hypervisor.machine(machine).disk().zero(0, 65_536);
        return replica;
      },
    })),
  },
  {
    breaks: 'retires more than it is told to',
    caughtBy: 'retires the instants that are named and leaves the others as they are, also when repeated',
    change: operating((replicas) => ({
      retire: async (replica, instants, call) => {
        const { instants: held } = await replicas.status(replica, call);
        await replicas.retire(replica, instants === 'all' ? 'all' : held, call);
      },
    })),
  },
  {
    breaks: 'fails for a replica that is gone',
    caughtBy: 'retires a whole replica without a trace, also when repeated',
    change: operating((replicas, target) => ({
      retire: (replica, instants, call) => {
        if (kept(target, replica.id) === undefined) throw new Error('no such replica');
        return replicas.retire(replica, instants, call);
      },
    })),
  },
  {
    breaks: 'starts a fork without its last disk`s bytes',
    caughtBy: 'forks an instant with its bytes, and starts a machine of them',
    change: forking((fork, { hypervisor }) =>
      overlay(fork, {
        async start(call) {
          const started = await fork.start(call);
          const machine = hypervisor.machine(started.machine);
          machine.disk(machine.disks.length - 1).zero(0, 65_536);
          return started;
        },
      }),
    ),
  },
  {
    breaks: 'forks another instant for one that it does not hold',
    caughtBy: 'refuses to fork an instant that it does not hold',
    change: operating((replicas, target) => ({
      fork: (replica, instant, options, call) => {
        const held = kept(target, replica.id)?.held ?? [];
        const known = held.find(({ id }) => id === instant) ?? held.at(-1);
        return replicas.fork(replica, known?.id ?? instant, options, call);
      },
    })),
  },
  {
    breaks: 'writes a fix-up of a fork into the replica',
    caughtBy: 'what is written to a fork is in its machine and not in the replica',
    change: forking((fork, { hypervisor }, id) => {
      const leaking = [...fork.disks].map(([disk, { reader, writer }], number) => {
        const leaky = overlay(writer, {
          async write(offset, data, call) {
            hypervisor.machines.get(id)?.disk(number).write(offset, data);
            await writer.write(offset, data, call);
          },
        });
        return [disk, { reader, writer: leaky }] as const;
      });
      return overlay(fork, { disks: new Map(leaking) });
    }),
  },
  {
    breaks: 'stops the replica while a fork is there',
    caughtBy: 'the replica goes on syncing beside a fork',
    change: operating((replicas) => {
      let forked = false;
      return {
        fork: (...given) => {
          forked = true;
          return replicas.fork(...given);
        },
        begin: (...given) => {
          if (forked) throw new SendenseError('LOCKED', 'a fork is open', { operation: 'begin-cycle' });
          return replicas.begin(...given);
        },
      };
    }),
  },
  {
    breaks: 'deletes a fork that is kept',
    caughtBy: 'a disposed fork is gone, and one that is kept stays',
    change: forking((fork) => overlay(fork, { keep: async () => undefined })),
  },
  {
    breaks: 'leaves a disposed fork behind',
    caughtBy: 'a disposed fork is gone, and one that is kept stays',
    change: forking((fork) =>
      overlay(fork, {
        async [Symbol.asyncDispose]() {
          await fork.keep();
          await fork[Symbol.asyncDispose]();
        },
      }),
    ),
  },
  {
    breaks: 'declares a way back and gives no baseline',
    caughtBy: 'a started fork gives the baseline of the reverse delta, of this instant',
    change: forking((fork) =>
      overlay(fork, { start: async (call) => ({ ...(await fork.start(call)), state: null }) }),
    ),
  },
  {
    breaks: 'gives a baseline that it does not declare',
    caughtBy: 'a started fork gives no baseline that it cannot have',
    change: {
      capabilities: { reverseState: false },
      target: forking((fork) =>
        overlay(fork, { start: async (call) => ({ ...(await fork.start(call)), state: {} as never }) }),
      ).target,
    },
  },
];

export function registerReplicas(runner: Runner, { capabilities, target }: Change): void {
  const declared = { ...ALL, ...capabilities };
  const open = (): Promise<ReplicaFixture> => openReplicaFixture(declared, target);
  replicaConformance(runner, { name: 'mutant', capabilities: declared, open });
}
