import type { Call, Finding, Keep, PlanId, ReconcileReport } from '@sendense/core';
import { findPlaces, type ManagedObject, type VimClient } from '@sendense/platform-vmware';
import type { TargetContext } from '../context.ts';
import type { PlanMark } from '../design/plan-mark.ts';
import { carrierName, type FoundMachine, machinesIn } from './find-machines.ts';
import { carriersOf, heldFiles, movedFrom } from './moved-disks.ts';
import { removeMachine } from './remove-machine.ts';
import { onlyOne, removeUnchanged, replacedName, returnName } from './replaced-machine.ts';

/** A machine of a restore that nobody knows any more. */
type Forgotten = FoundMachine & { readonly mark: PlanMark };

/** A plan is `OWNER-UUID`; the name of one owner may begin as that of another does. */
export const PLAN = /^(.+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Removes the unfinished machines of the owner's plans that `keep` does not name, in the folder of the options, and no other
 * installation's. A machine that one of them was to replace has its name again; one that was replaced goes. One that is not off stays,
 * and what belongs to it: a restore starts no machine before it is complete, so its user did.
 */
export async function reconcileLeftovers(
  { connect, options, clock, installation }: TargetContext,
  keep: Keep,
  call: Call | undefined,
): Promise<ReconcileReport> {
  const isForgotten = forgotten(keep, await installation(), clock.now().getTime());
  const client = await connect(call);
  const { folder, datacenter } = await findPlaces(client, options, call);
  const machines = await machinesIn(client, folder, call);
  const removed: string[] = [];
  const findings: Finding[] = [];
  const staying = new Set<PlanId>();
  // what holds disks goes last: it tells which of them are in the folder of their machine
  for (const machine of machines.filter(isForgotten).toSorted(carriersLast)) {
    // without it the disks of a machine that stays could not be told from those of others
    if (isCarrier(machine) && staying.has(machine.mark.plan)) continue;
    const report = await removeForgotten(client, datacenter, machine, machines, call);
    removed.push(...report.removed);
    findings.push(...report.findings);
    if (!isCarrier(machine) && report.stays) staying.add(machine.mark.plan);
  }
  findings.push(...orphans(machines, keep));
  return { removed, findings };
}

/** Removes one machine, and settles which of two has the name. What fails is a finding: the others go on. */
async function removeForgotten(
  client: VimClient,
  datacenter: ManagedObject,
  machine: Forgotten,
  machines: readonly FoundMachine[],
  call: Call | undefined,
): Promise<ReconcileReport & { readonly stays: boolean }> {
  const { plan, finished } = machine.mark;
  const removed: string[] = [];
  const findings: Finding[] = [];
  if (!finished && !machine.isOff) return { removed, findings: [inUse(machine)], stays: true };
  const old = machines.find(({ name }) => name === replacedName(plan));
  const replaces = old !== undefined && !isCarrier(machine);
  // it gave the old one its name
  const name = replaces ? plan : machine.name;
  try {
    if (replaces) {
      const told = await settle(client, machine, old, call);
      findings.push(...told.findings);
      removed.push(...told.removed);
    }
    if (finished) return { removed, findings, stays: false };
    if (isLast(machine, old)) return { removed, findings: [...findings, onlyOne(machine)], stays: true };
    const disks = isCarrier(machine)
      ? heldFiles(machine)
      : await movedFrom(client, { datacenter }, machine, carriersOf(plan, machines), call);
    await removeMachine(client, { datacenter, plan, disks }, machine, call);
    return { removed: [...removed, name], findings, stays: false };
  } catch (error) {
    if (call?.signal?.aborted === true) throw error;
    return { removed, findings: [...findings, held(name, error)], stays: true };
  }
}

/** Whether a machine is of a restore of this owner and installation that `keep` does not name. */
function forgotten(keep: Keep, installation: string | undefined, nowMs: number) {
  return (machine: FoundMachine): machine is Forgotten => {
    const { mark, name } = machine;
    if (mark === undefined || PLAN.exec(mark.plan)?.[1] !== keep.owner) return false;
    if (mark.installation !== installation) return false;
    // notes go with clones, names do not
    if (mark.name !== undefined && name !== mark.name && name !== mark.plan) return false;
    return isOver(keep, mark) && nowMs - mark.begunMs >= keep.graceMs;
  };
}

/** Whether nobody goes on with a restore. One that is complete has still to lose what it replaced, if that could not be removed then. */
function isOver({ restores, completed = [] }: Keep, { plan, finished }: PlanMark): boolean {
  return !restores.includes(plan) || (finished && completed.includes(plan));
}

/** Whether it has taken the name of a machine that is gone. */
function isLast({ name, mark }: Forgotten, old: FoundMachine | undefined): boolean {
  return mark.replaces && name === mark.name && old === undefined;
}

function isCarrier({ name, mark }: Forgotten): boolean {
  return name.startsWith(carrierName(mark.plan, 0).slice(0, -1));
}

const carriersLast = (one: Forgotten, other: Forgotten): number =>
  Number(isCarrier(one)) - Number(isCarrier(other));

/** A restore that is complete has replaced the old machine; any other gives it its name back. */
async function settle(
  client: VimClient,
  made: Forgotten,
  old: FoundMachine,
  call: Call | undefined,
): Promise<ReconcileReport> {
  const { finished, name = made.name, replaced } = made.mark;
  if (!finished || made.name !== name)
    return { removed: [], findings: await returnName(client, { old, made, name }, call) };
  const { isRemoved, findings } = await removeUnchanged(client, old, replaced);
  return { removed: isRemoved ? [old.name] : [], findings };
}

/** Machines that were set aside by a restore of which nothing else is left: what they were called is not known here. */
function orphans(machines: readonly FoundMachine[], { owner, restores }: Keep): readonly Finding[] {
  return machines.flatMap(({ name }) => {
    const plan = /^(.+)-replaced$/.exec(name)?.[1];
    if (plan === undefined || PLAN.exec(plan)?.[1] !== owner) return [];
    const isKnown =
      restores.some((kept) => kept === plan) || machines.some(({ mark }) => mark?.plan === plan);
    return isKnown ? [] : [orphan(name)];
  });
}

/** A process that was killed holds its lease until its time-out, and one that lives holds its own. */
function held(name: string, error: unknown): Finding {
  const why = error instanceof Error ? error.message : String(error);
  return { severity: 'warning', code: 'leftover-held', message: `${name} stays until the next time: ${why}` };
}

/** Without the mark in its notes nothing is known of it, and nothing removed any more. */
function inUse({ name, mark: { plan } }: Forgotten): Finding {
  const message = `${name} is not off, so it stays, though the restore ${plan} that made it is not complete: take "[sendense restore …]" out of its notes to keep it; else switch it off, and the next reconcile removes it`;
  return { severity: 'warning', code: 'leftover-in-use', message };
}

function orphan(name: string): Finding {
  const message = `${name} was to be replaced by a restore that has left nothing: give it its name again`;
  return { severity: 'warning', code: 'replaced-machine-stays', message };
}
