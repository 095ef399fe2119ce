import type { Call, Keep, ReconcileReport } from '@sendense/core';
import { findPlaces } from '@sendense/platform-vmware';
import type { TargetContext } from '../context.ts';
import { machinesIn } from './find-machines.ts';
import { removeMachine } from './remove-machine.ts';

/** Removes the unfinished machines of the owner's plans that `keep` does not name, in the folder of the options. */
export async function reconcileLeftovers(
  { connect, options, clock }: TargetContext,
  keep: Keep,
  call: Call | undefined,
): Promise<ReconcileReport> {
  const client = await connect(call);
  const { folder, datacenter } = await findPlaces(client, options, call);
  const removed: string[] = [];
  const nowMs = clock.now().getTime();
  for (const machine of await machinesIn(client, folder, call)) {
    const { mark, name } = machine;
    if (mark === undefined || mark.finished || !mark.plan.startsWith(`${keep.owner}-`)) continue;
    if (keep.restores.some((kept) => kept === mark.plan) || nowMs - mark.begunMs < keep.graceMs) continue;
    await removeMachine(client, { datacenter }, machine, call);
    removed.push(name);
  }
  return { removed, findings: [] };
}
