import {
  type Capture,
  type ChangeState,
  type Changes,
  type Consistency,
  type DiskView,
  type Finding,
  type MachineSpec,
  SendenseError,
  type SkippedDisk,
} from '@sendense/core';
import { openMemoryReader } from '../disk/memory-reader.ts';
import type { FrozenDisk, FrozenMachine, MemoryHypervisor } from '../hypervisor/memory-hypervisor.ts';
import type { TrackedDisk } from '../hypervisor/tracked-disk.ts';
import { Lifetime } from '../lifetime.ts';
import { serializeState } from './memory-state.ts';

/** What a capture is made of. */
export type MemoryCaptureOptions = {
  readonly hypervisor: MemoryHypervisor;
  readonly frozen: FrozenMachine;
  readonly spec: MachineSpec;
  readonly consistency: Consistency;
  readonly reverts: number;
  readonly order: 'random' | 'ascending';
  readonly skipped: readonly SkippedDisk[];
  readonly findings: readonly Finding[];
  readonly expiresAt: string | undefined;
  readonly otherBaselines: number;
  readonly devices: ReadonlyMap<string, TrackedDisk>;
  answer(disk: FrozenDisk): Changes;
};

/** Opens a capture over a frozen machine. */
export function openMemoryCapture(options: MemoryCaptureOptions): Capture {
  const { hypervisor, frozen } = options;
  const lifetime = new Lifetime('memory capture');
  const disks = frozen.disks.map((disk) => viewOf(disk, options));
  let sealed: ChangeState | null | undefined;
  let committed = false;

  const thaw = async (): Promise<void> => {
    for (const { reader } of disks) await reader[Symbol.asyncDispose]();
    if (hypervisor.frozen.get(frozen.capture) === frozen) hypervisor.frozen.delete(frozen.capture);
  };
  return {
    instant: frozen.instant,
    consistency: options.consistency,
    spec: options.spec,
    disks,
    skipped: options.skipped,
    artifacts: [],
    findings: options.findings,
    otherBaselines: options.otherBaselines,
    async seal(call) {
      await lifetime.enter('seal-capture', call);
      if (sealed !== undefined) return sealed;
      if (hypervisor.frozen.get(frozen.capture) !== frozen) throw instantLost(frozen);
      await thaw();
      const { bitmap } = frozen;
      sealed = bitmap === null ? null : serializeState(frozen, { ...options, bitmap }, options.expiresAt);
      return sealed;
    },
    async commit(call) {
      await lifetime.enter('commit-capture', call);
      committed = true;
      return [];
    },
    async [Symbol.asyncDispose]() {
      if (!lifetime.close()) return;
      await thaw();
      if (!committed && frozen.bitmap !== null) hypervisor.dropBaseline(frozen.bitmap);
    },
  };
}

function viewOf(disk: FrozenDisk, options: MemoryCaptureOptions): DiskView {
  const device = options.devices.get(disk.id);
  return {
    id: disk.id,
    slot: device?.slot ?? { bus: 'unknown', controller: 0, unit: 0 },
    sizeBytes: disk.content.sizeBytes,
    sectorBytes: device?.sectorBytes ?? 512,
    reader: openMemoryReader(disk.content, { limits: { order: options.order } }),
    changes: options.answer(disk),
  };
}

function instantLost(frozen: FrozenMachine): SendenseError {
  return new SendenseError('INSTANT_LOST', `the snapshot of capture ${frozen.capture} is gone`, {
    operation: 'seal-capture',
    context: { capture: frozen.capture },
    remedy: 'run the backup again',
  });
}
