import { type Call, type PlanId, type PlannedDisk, SendenseError } from '@sendense/core';
import {
  describeMachine,
  destroyMachine,
  removeDisk,
  removeFile,
  switchMachine,
  type VimClient,
} from '@sendense/platform-vmware';
import { type FoundMachine, folderOf } from './find-machines.ts';
import { findCarrier } from './own-machines.ts';
import type { PlanDetails } from './plan-details.ts';
import type { RestoreScope } from './restore-scope.ts';

/** A lease that nobody holds any more ends by its time-out, of 5 minutes where nobody has changed it. */
const LEASE_ENDS_MS = 6 * 60_000;

/** How often it is looked whether it has. */
const LOOK_EVERY_MS = 1000;

/** What goes with a machine of a restore. */
export type MachineRemoval = Pick<PlanDetails, 'datacenter'> & {
  readonly plan: PlanId;
  /** Disks of the restore that lie in its folder and may be on no controller: the server removes those that are on one. */
  readonly disks: readonly string[];
};

/**
 * Removes a machine with its disks; one that runs is stopped first. A folder that is called after the plan goes with all that is in
 * it, such as a file that was half sent. Of any other only what the restore put there goes: its name is anybody's.
 */
export async function removeMachine(
  client: VimClient,
  { datacenter, plan, disks }: MachineRemoval,
  { object, isOff, configFile }: FoundMachine,
  call?: Call,
): Promise<void> {
  const folder = folderOf(configFile);
  const isOurs = isNamedBy(plan, folder);
  if (!isOff) await switchMachine(client, object, 'off', call);
  if (!isOurs && disks.length > 0) {
    const { machine } = await describeMachine(client, object, call);
    const attached = new Set(machine.disks.map(({ fileName }) => fileName));
    for (const disk of disks) if (!attached.has(disk)) await removeDisk(client, datacenter, disk, call);
  }
  await destroyMachine(client, object, call);
  if (isOurs) await removeFile(client, datacenter, folder, call);
}

/** Whether `[datastore] folder` is called after a plan; a server puts a number behind a name that is taken. */
function isNamedBy(plan: PlanId, folder: string): boolean {
  const [, path = ''] = /^\[[^\]]+\] (.+)$/.exec(folder) ?? [];
  return path.startsWith(plan) && /^(?:-disk-\d+)?(?:_\d+| \(\d+\))?$/.test(path.slice(plan.length));
}

/**
 * Removes what an earlier attempt at a disk has left. Resolves with its name, and with `undefined` when there is nothing. One that a
 * process was sending when it was killed is held by its lease for minutes: that is waited for.
 */
export async function removeCarrier(
  scope: RestoreScope,
  disk: PlannedDisk,
  call?: Call,
): Promise<string | undefined> {
  const left = await findCarrier(scope, disk, call);
  if (left !== undefined) await removeWhenFree(scope, left, heldBy(scope, disk), call);
  return left?.name;
}

/** A disk that was taken off its holder and is still in its folder. */
function heldBy({ memory }: RestoreScope, { id }: PlannedDisk): readonly string[] {
  const { state, file } = memory.disk(id);
  return file === null || state === 'placed' ? [] : [file];
}

async function removeWhenFree(
  { client, details: { datacenter }, plan, context: { timer, log } }: RestoreScope,
  machine: FoundMachine,
  disks: readonly string[],
  call: Call | undefined,
): Promise<void> {
  const endMs = timer.monotonicMs() + LEASE_ENDS_MS;
  for (let isTold = false; ; isTold = true) {
    try {
      await removeMachine(client, { datacenter, plan: plan.id, disks }, machine, call);
      return;
    } catch (error) {
      if (!SendenseError.is(error, 'LOCKED') || timer.monotonicMs() >= endMs) throw error;
    }
    const message = 'waiting for the lease of an earlier attempt to end';
    if (!isTold) log?.({ level: 'info', message, fields: { machine: machine.name } });
    await timer.sleep(LOOK_EVERY_MS, call?.signal);
  }
}
