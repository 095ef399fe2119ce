import {
  type ChangeState,
  type DiskId,
  type ForkDisk,
  type ForkOptions,
  type MachineRef,
  type ReplicaFork,
  SendenseError,
  streamId,
} from '@sendense/core';
import type { DiskContent } from '../disk/disk-content.ts';
import { openMemoryReader } from '../disk/memory-reader.ts';
import { openMemoryWriter } from '../disk/memory-writer.ts';
import type { HeldInstant, MemoryHypervisor } from '../hypervisor/memory-hypervisor.ts';
import type { MemoryMachine } from '../hypervisor/memory-machine.ts';
import { Lifetime } from '../lifetime.ts';
import { serializeState } from '../source/memory-state.ts';

/** What a fork is made of. */
export type MemoryForkOptions = {
  readonly hypervisor: MemoryHypervisor;
  readonly instant: HeldInstant;
  readonly options: ForkOptions;
  readonly owner: string;
  /** Name of everything that is made for the fork. */
  readonly id: string;
  /** Bytes of one bit of the reverse delta's bitmap; `null` where none is offered. */
  readonly granularityBytes: number | null;
};

/** Opens an isolated copy of an instant. */
export function openMemoryFork(fork: MemoryForkOptions): ReplicaFork {
  const { hypervisor, instant, id } = fork;
  const lifetime = new Lifetime('memory replica fork');
  const contents = new Map([...instant.disks].map(([disk, content]) => [disk, content.snapshot()]));
  const disks = new Map([...contents].map(([disk, content]) => [disk, forkDisk(content)]));
  let kept = false;
  let started: { readonly machine: MachineRef; readonly state: ChangeState | null } | undefined;
  return {
    disks,
    async start(call) {
      await lifetime.enter('start-fork', call);
      started ??= startMachine(fork, contents);
      return started;
    },
    async keep(call) {
      await lifetime.enter('keep-fork', call);
      kept = true;
    },
    async [Symbol.asyncDispose]() {
      if (!lifetime.close()) return;
      for (const { reader, writer } of disks.values()) {
        await reader[Symbol.asyncDispose]();
        await writer[Symbol.asyncDispose]();
      }
      if (kept) return;
      hypervisor.machines.delete(id);
      hypervisor.dropBaseline(bitmapOf(fork));
    },
  };
}

function forkDisk(content: DiskContent): ForkDisk {
  return { reader: openMemoryReader(content), writer: openMemoryWriter(content) };
}

function bitmapOf({ owner, id }: MemoryForkOptions): string {
  return `${owner}/fork/${id}`;
}

function startMachine(fork: MemoryForkOptions, contents: ReadonlyMap<DiskId, DiskContent>) {
  const { hypervisor, instant, options, id } = fork;
  if ([...hypervisor.machines.values()].some(({ name }) => name === options.name)) {
    throw new SendenseError('ALREADY_EXISTS', `there is already a machine ${options.name}`, {
      operation: 'start-fork',
      remedy: 'give the fork another name',
    });
  }
  const { firmware } = instant.spec;
  const machine = hypervisor.addMachine({ id, name: options.name, firmware, disks: [...contents.values()] });
  return { machine: machine.ref, state: trackReverse(fork, machine) };
}

/** From its first moment on the fork records what its guest writes, so that the delta back can be taken. */
function trackReverse(fork: MemoryForkOptions, machine: MemoryMachine): ChangeState | null {
  const { hypervisor, instant, owner, id, granularityBytes } = fork;
  if (granularityBytes === null) return null;
  const bitmap = bitmapOf(fork);
  for (const disk of machine.disks) disk.track(bitmap, granularityBytes);
  const common = { capture: id as never, owner, stream: streamId(`reverse-${id}`), machine: machine.ref };
  hypervisor.baselines.set(bitmap, { ...common, name: bitmap, madeAt: instant.at });
  const disks = machine.disks.map((disk) => ({ id: disk.id, content: disk.freeze(), bitmaps: new Map() }));
  const frozen = { ...common, instant: { id: instant.id, at: instant.at }, bitmap, disks };
  return serializeState(frozen, { bitmap, reverts: machine.reverts }, undefined);
}
