import { type CaptureRequest, instantId, type PluginServices } from '@sendense/core';
import type { FrozenMachine, MemoryHypervisor } from '../hypervisor/memory-hypervisor.ts';
import type { MemoryMachine } from '../hypervisor/memory-machine.ts';

/** Whose snapshot to make, and how baselines are kept. */
export type FreezeOptions = {
  readonly hypervisor: MemoryHypervisor;
  readonly services: PluginServices;
  readonly owner: string;
  /** `null` keeps no baseline. */
  readonly granularityBytes: number | null;
};

/**
 * Freezes the machine's disks at one instant and starts their new bitmaps at that instant, all named after the capture.
 * A snapshot that an earlier call with the same id left is adopted: same instant, same bytes.
 */
export function freezeMachine(
  machine: MemoryMachine,
  request: CaptureRequest,
  { hypervisor, services, owner, granularityBytes }: FreezeOptions,
): FrozenMachine {
  const left = hypervisor.frozen.get(request.id);
  if (left !== undefined && left.machine.id === machine.ref.id) return left;
  const instant = { id: instantId(services.random.uuid()), at: services.clock.now() };
  const excluded = new Set(request.disks?.exclude);
  const devices = machine.disks.filter(({ id }) => !excluded.has(id));
  const bitmap = granularityBytes === null ? null : `${owner}/${request.id}/${instant.id}`;
  const common = { capture: request.id, owner, stream: request.stream, machine: machine.ref };
  const frozen: FrozenMachine = {
    ...common,
    instant,
    bitmap,
    disks: devices.map((disk) => ({
      id: disk.id,
      content: disk.freeze(),
      bitmaps: new Map([...disk.bitmaps].map(([name, dirty]) => [name, dirty.snapshot()])),
    })),
  };
  if (bitmap !== null && granularityBytes !== null) {
    for (const disk of devices) disk.track(bitmap, granularityBytes);
    hypervisor.baselines.set(bitmap, { ...common, name: bitmap, madeAt: instant.at });
  }
  hypervisor.frozen.set(request.id, frozen);
  return frozen;
}
