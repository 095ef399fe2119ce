import type {
  DiskId,
  InstantId,
  MachineRef,
  PluginServices,
  ReplicaCapabilities,
  ReplicaOperations,
  ReplicaRef,
} from '@sendense/core';
import type { MemoryHypervisor } from '../hypervisor/memory-hypervisor.ts';
import type { Lifetime } from '../lifetime.ts';
import { heldInstant, retireInstants, statusOf, watchWrites } from './memory-replica.ts';
import { openMemoryFork } from './memory-replica-fork.ts';
import { openMemoryReplicaReader } from './memory-replica-reader.ts';
import { openMemoryReplicaWriter } from './memory-replica-writer.ts';

/** What the replicas of a memory target work with. */
export type MemoryReplicasOptions = {
  readonly hypervisor: MemoryHypervisor;
  readonly owner: string;
  readonly services: PluginServices;
  readonly lifetime: Lifetime;
  readonly offered: ReplicaCapabilities;
};

/** Bytes of one bit of the bitmap that a fork starts with. */
const REVERSE_GRANULARITY_BYTES = 65_536;

/** Replication to machines of a memory hypervisor. */
export function createMemoryReplicas(options: MemoryReplicasOptions): ReplicaOperations {
  const { hypervisor, owner, services, lifetime, offered } = options;
  const now = () => services.clock.now();
  return {
    async status(replica, call) {
      await lifetime.enter('read-replica', call);
      return statusOf(hypervisor, replica);
    },
    async begin(cycle, fence, call) {
      await lifetime.enter('begin-cycle', call);
      await fence.check();
      return openMemoryReplicaWriter({ hypervisor, cycle, fence, owner, history: offered.history, now });
    },
    async open(replica, instant, call) {
      await lifetime.enter('open-replica', call);
      return openMemoryReplicaReader(replica, heldInstant(hypervisor.replicas.get(replica.id), instant));
    },
    async fork(replica, instant, fork, call) {
      await lifetime.enter('fork-replica', call);
      return openMemoryFork({
        hypervisor,
        instant: heldInstant(hypervisor.replicas.get(replica.id), instant),
        options: fork,
        owner,
        id: services.random.uuid(),
        granularityBytes: offered.reverseState ? REVERSE_GRANULARITY_BYTES : null,
      });
    },
    async adopt(machine, instant, call) {
      await lifetime.enter('adopt-machine', call);
      return adoptMachine(options, machine, instant);
    },
    async retire(replica, instants, call) {
      await lifetime.enter('retire-replica', call);
      retireInstants(hypervisor, replica, instants);
    },
  };
}

/** Takes a machine over as it stands: its disks are the instant, and are not touched. */
function adoptMachine(
  { hypervisor, owner, services }: MemoryReplicasOptions,
  ref: MachineRef,
  instant: InstantId,
): ReplicaRef {
  const machine = hypervisor.machine(ref);
  const replica: ReplicaRef = { id: services.random.uuid() as ReplicaRef['id'], machine: ref };
  const bitmap = `${owner}/replica/${replica.id}`;
  const disks = new Map(
    machine.disks.map((disk): [DiskId, ReturnType<typeof disk.freeze>] => [disk.id, disk.freeze()]),
  );
  const held = [{ id: instant, at: services.clock.now(), spec: machine.spec(), disks }];
  watchWrites(machine, bitmap);
  hypervisor.replicas.set(replica.id, { ref: replica, owner, held, bitmap });
  return replica;
}
