import type { Call, PlannedDisk } from '@sendense/core';
import { destroyMachine, removeFile, switchMachine, type VimClient } from '@sendense/platform-vmware';
import { type FoundMachine, folderOf } from './find-machines.ts';
import { findCarrier } from './own-machines.ts';
import type { PlanDetails } from './plan-details.ts';
import type { RestoreScope } from './restore-scope.ts';

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

/** Removes what an earlier attempt at a disk has left. Resolves with its name, and with `undefined` when there is nothing. */
export async function removeCarrier(
  scope: RestoreScope,
  disk: PlannedDisk,
  call?: Call,
): Promise<string | undefined> {
  const left = await findCarrier(scope, disk, call);
  if (left !== undefined) await removeMachine(scope.client, scope.details, left, call);
  return left?.name;
}
