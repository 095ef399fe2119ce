import type { Keep, ReconcileReport } from '@sendense/core';
import type { MemoryHypervisor } from '../hypervisor/memory-hypervisor.ts';
import { parseState } from './memory-state.ts';

type Made = { readonly owner: string; readonly stream: string; readonly capture: string };

/** Removes the owner's snapshots and baselines that `keep` does not name. What is not the owner's is not looked at. */
export function reconcileSource(hypervisor: MemoryHypervisor, keep: Keep, now: Date): ReconcileReport {
  const states = new Set(keep.states.map((state) => parseState(state)?.bitmap));
  const captures = new Set<string>(keep.captures);
  const leftover = (made: Made, madeAt: Date): boolean =>
    made.owner === keep.owner &&
    !captures.has(made.capture) &&
    (keep.streams?.some((stream) => stream === made.stream) ?? true) &&
    now.getTime() - madeAt.getTime() >= keep.graceMs;

  const snapshots = [...hypervisor.frozen.values()].filter((frozen) => leftover(frozen, frozen.instant.at));
  for (const { capture } of snapshots) hypervisor.frozen.delete(capture);
  const baselines = [...hypervisor.baselines.values()].filter(
    (baseline) => !states.has(baseline.name) && leftover(baseline, baseline.madeAt),
  );
  for (const { name } of baselines) hypervisor.dropBaseline(name);
  const removed = [
    ...snapshots.map(({ capture }) => `snapshot ${capture}`),
    ...baselines.map(({ name }) => `bitmap ${name}`),
  ];
  return { removed, findings: [] };
}
