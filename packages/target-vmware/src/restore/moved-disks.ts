import type { Call, Finding, PlanId } from '@sendense/core';
import { describeMachine, isDiskThere, type VimClient } from '@sendense/platform-vmware';
import type { PlanMark } from '../design/plan-mark.ts';
import { carrierName, type FoundMachine, folderOf } from './find-machines.ts';
import type { PlanDetails } from './plan-details.ts';
import type { DiskMemory } from './restore-memory.ts';
import type { RestoreScope } from './restore-scope.ts';

/** `[datastore] folder/name.vmdk` of the disk that is at `index` of the plan, once it is in the folder of its machine. */
export function placedFile({ configFile }: FoundMachine, name: string, index: number): string {
  return `${folderOf(configFile)}/${name}${index === 0 ? '' : `_${index}`}.vmdk`;
}

/** Whether a disk is where it goes: a move that was begun is done when it is not where it was. A file there may be somebody else's. */
export async function wasMoved(
  { client, details }: Pick<RestoreScope, 'client' | 'details'>,
  { state, file }: DiskMemory,
  call: Call | undefined,
): Promise<boolean> {
  if (state !== 'placing' || file === null) return state === 'placed';
  return !(await isDiskThere(client, details.datacenter, file, call));
}

/** The disks in the folder of a machine that a restore has moved there, as it has saved them. */
export async function movedDisks(
  scope: RestoreScope,
  machine: FoundMachine,
  call: Call | undefined,
): Promise<readonly string[]> {
  const { details, memory, plan } = scope;
  const moved: string[] = [];
  for (const [index, { id }] of plan.disks.entries())
    if (await wasMoved(scope, memory.disk(id), call)) moved.push(placedFile(machine, details.name, index));
  return moved;
}

/** Findings for disks that were moved to a machine that is gone: one that was registered again may have them, so they stay. */
export async function strayDisks(
  { client, details, memory, plan }: RestoreScope,
  call: Call | undefined,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { id } of plan.disks) {
    const { state, file } = memory.disk(id);
    if (state !== 'placed' || file === null) continue;
    if (await isDiskThere(client, details.datacenter, file, call)) findings.push(diskStays(file));
  }
  return findings;
}

function diskStays(file: string): Finding {
  const message = `${file} was made by the restore and its machine is gone: it stays; remove it unless a machine has it`;
  return { severity: 'warning', code: 'restored-disk-stays', message, object: file };
}

/**
 * The disks that a restore which nobody knows any more has moved to the folder of its machine, by the machines that held its disks, which are there until all disks are on their
 * controllers: a disk was moved when its holder has none, neither on a controller nor in its folder.
 */
export async function movedFrom(
  client: VimClient,
  { datacenter }: Pick<PlanDetails, 'datacenter'>,
  machine: FoundMachine & { readonly mark: PlanMark },
  carriers: readonly FoundMachine[],
  call: Call | undefined,
): Promise<readonly string[]> {
  const { name } = machine.mark;
  if (name === undefined) return [];
  const moved: string[] = [];
  for (const [index, carrier] of carriers.entries()) {
    const { disks } = (await describeMachine(client, carrier.object, call)).machine;
    let isEmpty = disks.length === 0;
    for (const file of heldFiles(carrier)) isEmpty &&= !(await isDiskThere(client, datacenter, file, call));
    if (isEmpty) moved.push(placedFile(machine, name, index));
  }
  return moved;
}

/** Where the disk of a machine that holds one is: as the server calls the disk of a new machine, and as the file service was asked to. */
export function heldFiles({ configFile, mark, name }: FoundMachine): readonly string[] {
  const folder = folderOf(configFile);
  return [`${mark?.name ?? name}.vmdk`, 'disk.vmdk'].map((file) => `${folder}/${file}`);
}

/** Of some machines those that hold the disks of a plan, in the order of the disks. */
export function carriersOf(plan: PlanId, machines: readonly FoundMachine[]): readonly FoundMachine[] {
  const prefix = carrierName(plan, 0).slice(0, -1);
  const numberOf = ({ name }: FoundMachine): number => Number(name.slice(prefix.length));
  return machines
    .filter(({ mark, name }) => mark?.plan === plan && name.startsWith(prefix))
    .toSorted((one, other) => numberOf(one) - numberOf(other));
}
