import type { Call } from '@sendense/core';
import { destroyMachine, removeFile, switchMachine, type VimClient } from '@sendense/platform-vmware';
import { carrierName, type FoundMachine, folderOf, machinesIn } from './find-machines.ts';
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

/** Removes what an earlier attempt at disk `number` has left. */
export async function removeCarrier(
  { client, details, plan }: RestoreScope,
  number: number,
  call?: Call,
): Promise<void> {
  const name = carrierName(plan.id, number);
  const machines = await machinesIn(client, details.folder, call);
  const left = machines.find((machine) => machine.name === name && machine.mark?.plan === plan.id);
  if (left !== undefined) await removeMachine(client, details, left, call);
}
