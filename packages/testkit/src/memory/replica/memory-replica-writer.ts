import {
  type DiskId,
  type Fence,
  type ReplicaCycle,
  type ReplicaWriter,
  SendenseError,
} from '@sendense/core';
import { DiskContent } from '../disk/disk-content.ts';
import { openMemoryWriter } from '../disk/memory-writer.ts';
import type { HeldInstant, MemoryHypervisor, MemoryReplica } from '../hypervisor/memory-hypervisor.ts';
import { Lifetime } from '../lifetime.ts';
import { contentAt, holdInstant, statusOf } from './memory-replica.ts';

/** What a cycle is applied to. */
export type MemoryReplicaWriterOptions = {
  readonly hypervisor: MemoryHypervisor;
  readonly cycle: ReplicaCycle;
  readonly fence: Fence;
  readonly owner: string;
  readonly history: number;
  readonly now: () => Date;
};

/**
 * Opens a cycle. It works on copies of `from` and leaves the replica alone until the commit, so that whatever somebody
 * else wrote to the replica is not part of what comes.
 */
export function openMemoryReplicaWriter(options: MemoryReplicaWriterOptions): ReplicaWriter {
  const { hypervisor, cycle, fence, history, now } = options;
  const lifetime = new Lifetime('memory replica cycle');
  const from = baseOf(options);
  const contents = new Map<DiskId, DiskContent>();
  const disks = new Map(
    cycle.spec.disks.map((disk) => {
      const id = disk.id as DiskId;
      const base = from === undefined ? undefined : contentAt(from, disk);
      const content = base?.snapshot() ?? new DiskContent(disk.sizeBytes);
      content.resize(disk.sizeBytes);
      contents.set(id, content);
      return [id, openMemoryWriter(content, { untouched: base === undefined ? 'zero' : 'base' })];
    }),
  );
  return {
    disks,
    async commit(call) {
      await lifetime.enter('commit-cycle', call);
      await fence.check();
      lifetime.check('commit-cycle', call);
      const replica = replicaOf(options);
      if (!replica.held.some(({ id }) => id === cycle.to)) {
        const held = new Map([...contents].map(([id, content]) => [id, content.snapshot()]));
        holdInstant(hypervisor, replica, { id: cycle.to, at: now(), spec: cycle.spec, disks: held }, history);
      }
      return statusOf(hypervisor, cycle.replica);
    },
    async [Symbol.asyncDispose]() {
      if (!lifetime.close()) return;
      for (const disk of disks.values()) await disk[Symbol.asyncDispose]();
    },
  };
}

/** What the cycle starts from; `undefined` for the initial sync. Throws `CONFLICT` for anything but what is there. */
function baseOf({ hypervisor, cycle }: MemoryReplicaWriterOptions): HeldInstant | undefined {
  const held = hypervisor.replicas.get(cycle.replica.id)?.held ?? [];
  if (cycle.from === null && held.length === 0) return undefined;
  const from = held.find(({ id }) => id === cycle.from);
  if (from !== undefined) return from;
  throw new SendenseError('CONFLICT', `the replica does not hold ${cycle.from ?? 'nothing'}`, {
    operation: 'begin-cycle',
    context: { replica: cycle.replica.id, instants: held.map(({ id }) => id) },
    remedy: 'ask for the status, and start from an instant that the replica holds',
  });
}

/** The replica of the cycle; the first commit makes it. */
function replicaOf({ hypervisor, cycle, owner }: MemoryReplicaWriterOptions): MemoryReplica {
  const { replica: ref } = cycle;
  const known = hypervisor.replicas.get(ref.id);
  if (known !== undefined) return known;
  const made: MemoryReplica = { ref, owner, held: [], bitmap: `${owner}/replica/${ref.id}` };
  hypervisor.replicas.set(ref.id, made);
  return made;
}
