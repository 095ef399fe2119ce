import type { ReplicaCapabilities, ReplicaRef } from '@sendense/core';
import {
  createMemoryTarget,
  MemoryHypervisor,
  type MemoryTarget,
  openMemoryReader,
  type ReplicaFixture,
} from '../src/index.ts';

/** An empty memory hypervisor, whose targets `change` may alter. */
export async function openReplicaFixture(
  replica: ReplicaCapabilities,
  change: (target: MemoryTarget) => MemoryTarget,
): Promise<ReplicaFixture> {
  const hypervisor = new MemoryHypervisor();
  const open = () => change(createMemoryTarget({ hypervisor, capabilities: { replica } }));
  let made = 0;
  return {
    target: open(),
    reopen: async () => open(),
    newReplica: () => {
      const id = `replica-${made++}`;
      return { id: id as ReplicaRef['id'], machine: { connection: 'memory', id } };
    },
    addMachine: async (disks) => {
      const machine = hypervisor.addMachine({
        name: 'to-adopt',
        disks: disks.map((content) => content.snapshot()),
      });
      machine.power = 'off';
      return machine.ref;
    },
    disk: async (machine, number) => openMemoryReader(hypervisor.machine(machine).disk(number).freeze()),
    foreignWrite: async (machine, offset, data) => hypervisor.machine(machine).disk().write(offset, data),
    objects: async () => [
      ...hypervisor.objects(),
      ...[...hypervisor.machines.keys()].map((id) => `machine ${id}`),
    ],
  };
}
