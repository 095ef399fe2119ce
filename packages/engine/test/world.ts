import { type Repository, repositoryId, systemServices } from '@sendense/core';
import {
  createMemoryJournal,
  createMemoryRepository,
  createMemorySource,
  createMemoryTarget,
  createTestClock,
  createTestFence,
  type JournalStorage,
  MemoryHypervisor,
  type MemoryMachine,
  type MemoryRepositoryOptions,
  type MemorySourceOptions,
  MemoryStore,
  type MemoryTargetOptions,
  type TestClock,
} from '@sendense/testkit';
import { createEngine, type EngineOptions } from '../src/index.ts';

export const MIB = 1024 * 1024;
export const KIB = 1024;

/** What outlives a process: the platform, the storage, the journal. */
export type World = {
  readonly hypervisor: MemoryHypervisor;
  readonly store: MemoryStore;
  readonly journal: JournalStorage;
  readonly clock: TestClock;
};

export type ProcessOptions = {
  readonly source?: MemorySourceOptions;
  readonly repository?: MemoryRepositoryOptions;
  readonly target?: MemoryTargetOptions;
  readonly engine?: Partial<EngineOptions>;
};

export function createWorld(): World {
  return {
    hypervisor: new MemoryHypervisor(),
    store: new MemoryStore(),
    journal: { entries: new Map(), revision: 0 },
    clock: createTestClock(),
  };
}

/** One process over the world: what dies and is started again. */
export async function startProcess(world: World, options: ProcessOptions = {}) {
  const services = systemServices({ clock: world.clock });
  const source = createMemorySource({ hypervisor: world.hypervisor, services, ...options.source });
  const repository = await createMemoryRepository({
    store: world.store,
    id: repositoryId('repo-1'),
    ...options.repository,
  });
  const target = createMemoryTarget({ hypervisor: world.hypervisor, services, ...options.target });
  const journal = createMemoryJournal(world.journal);
  const engine = createEngine({ journal, services, fence: createTestFence(), ...options.engine });
  return { engine, source, repository, target, journal };
}

/** A machine whose first disk has some bytes at the front and at the back. */
export function addMachine(world: World, name = 'vm', sizes: readonly number[] = [4 * MIB]): MemoryMachine {
  const machine = world.hypervisor.addMachine({ name, disks: sizes });
  for (const [index, disk] of machine.disks.entries()) {
    disk.write(0, filled(64 * KIB, index + 1));
    disk.write(disk.sizeBytes - 64 * KIB, filled(64 * KIB, index + 101));
  }
  return machine;
}

export function filled(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = (seed * 2654435761) >>> 0 || 1;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** The bytes that a point holds of the disk at `position`, read through the repository. */
export async function pointBytes(repository: Repository, point: string, disk: string): Promise<Uint8Array> {
  const reader = await repository.open(point as never);
  try {
    const view = reader.disks.find(({ id }) => id === disk);
    if (view === undefined) throw new Error(`point ${point} has no disk ${disk}`);
    const bytes = new Uint8Array(view.sizeBytes);
    const step = Math.min(view.reader.limits.maxBytes, MIB);
    for (let offset = 0; offset < bytes.length; offset += step)
      await view.reader.read(offset, bytes.subarray(offset, offset + step));
    return bytes;
  } finally {
    await reader[Symbol.asyncDispose]();
  }
}
