import { type Call, type PlannedDisk, SendenseError } from '@sendense/core';
import { destroyMachine, removeFile, switchMachine, type VimClient } from '@sendense/platform-vmware';
import { type FoundMachine, folderOf } from './find-machines.ts';
import { findCarrier } from './own-machines.ts';
import type { PlanDetails } from './plan-details.ts';
import type { RestoreScope } from './restore-scope.ts';

/** A lease that nobody holds any more ends by its time-out, of 5 minutes where nobody has changed it. */
const LEASE_ENDS_MS = 6 * 60_000;

/** How often it is looked whether it has. */
const LOOK_EVERY_MS = 1000;

/** Removes a machine with its disks and the folder that it lies in; one that runs is stopped first. */
export async function removeMachine(
  client: VimClient,
  { datacenter }: Pick<PlanDetails, 'datacenter'>,
  { object, isOff, configFile }: FoundMachine,
  call?: Call,
): Promise<void> {
  if (!isOff) await switchMachine(client, object, 'off', call);
  await destroyMachine(client, object, call);
  // what was not yet a disk of it, such as a file that was half sent
  const folder = folderOf(configFile);
  if (/^\[[^\]]+\] [^/]/.test(folder)) await removeFile(client, datacenter, folder, call);
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
  if (left !== undefined) await removeWhenFree(scope, left, call);
  return left?.name;
}

async function removeWhenFree(
  { client, details, context: { timer, log } }: RestoreScope,
  machine: FoundMachine,
  call: Call | undefined,
): Promise<void> {
  const endMs = timer.monotonicMs() + LEASE_ENDS_MS;
  for (let isTold = false; ; isTold = true) {
    try {
      await removeMachine(client, details, machine, call);
      return;
    } catch (error) {
      if (!SendenseError.is(error, 'LOCKED') || timer.monotonicMs() >= endMs) throw error;
    }
    const message = 'waiting for the lease of an earlier attempt to end';
    if (!isTold) log?.({ level: 'info', message, fields: { machine: machine.name } });
    await timer.sleep(LOOK_EVERY_MS, call?.signal);
  }
}
