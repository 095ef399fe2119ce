import {
  type BlockReader,
  guardTarget,
  type MachineRef,
  type ReplicaCapabilities,
  type ReplicaOperations,
  type ReplicaRef,
  type TargetConnector,
} from '@sendense/core';
import type { DiskContent } from '../../memory/disk/disk-content.ts';
import type { OpenedContext } from '../case.ts';
import { Cleanup } from '../cleanup.ts';

/** An empty place to replicate to. */
export type ReplicaFixture = Partial<AsyncDisposable> & {
  readonly target: TargetConnector;
  /** A new connector over the same place, as after the process died. */
  readonly reopen: () => Promise<TargetConnector>;
  /** The reference of a replica that is not there yet. */
  readonly newReplica: () => ReplicaRef;
  /** A machine that is off, with these disks, made by the platform's own means: something to adopt. */
  readonly addMachine: (disks: readonly DiskContent[]) => Promise<MachineRef>;
  /** Disk number `disk` of a machine as it would start now, by the platform's own means. */
  readonly disk: (machine: MachineRef, disk: number) => Promise<BlockReader>;
  /** Somebody writes to disk number 0 of the machine, past this connector. */
  readonly foreignWrite: (machine: MachineRef, offset: number, data: Uint8Array) => Promise<void>;
  /** Names of all machines, replicas and other objects that are there. */
  readonly objects: () => Promise<readonly string[]>;
};

/** A kind of target to be tested for replication. */
export type ReplicaSubject = {
  readonly name: string;
  /** What the target declares as `replica`. */
  readonly capabilities: ReplicaCapabilities;
  /** A fresh, empty place. */
  open(): Promise<ReplicaFixture>;
};

/** What a replica case works with. The target is guarded. */
export type ReplicaContext = Omit<ReplicaFixture, 'target' | 'reopen' | keyof AsyncDisposable> & {
  readonly capabilities: ReplicaCapabilities;
  readonly target: TargetConnector;
  readonly replicas: ReplicaOperations;
  readonly reopen: () => Promise<ReplicaOperations>;
};

/** Opens the place of a case. */
export async function openReplicaContext(subject: ReplicaSubject): Promise<OpenedContext<ReplicaContext>> {
  const cleanup = new Cleanup();
  const fixture = cleanup.add(await subject.open());
  const target = cleanup.add(guardTarget(fixture.target));
  const context: ReplicaContext = {
    ...fixture,
    capabilities: subject.capabilities,
    target,
    replicas: operationsOf(target),
    reopen: async () => operationsOf(cleanup.add(guardTarget(await fixture.reopen()))),
  };
  return { context, close: () => cleanup.close() };
}

function operationsOf({ replicas, platform }: TargetConnector): ReplicaOperations {
  if (replicas !== undefined) return replicas;
  throw new TypeError(`the ${platform} target declares replicas and offers none`);
}
