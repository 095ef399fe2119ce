import { type Call, type Finding, type PlanId, SendenseError } from '@sendense/core';
import { destroyMachine, renameMachine, type VimClient } from '@sendense/platform-vmware';
import type { FoundMachine } from './find-machines.ts';
import { knownAs, machineKnownAs } from './known-machine.ts';
import { alreadyThere, refuseRunning } from './machine-refusals.ts';
import type { RestoreScope } from './restore-scope.ts';

/** What a machine that a plan replaces is called until the restore is complete: no name of vSphere is longer than 80 characters. */
export function replacedName(plan: PlanId): string {
  return `${plan}-replaced`;
}

/**
 * Gives the machine that has the name another one. It is saved first, so that a rollback finds it, and how it was then after: whoever
 * changes it from then on uses it.
 */
export async function setAside(
  { client, details, memory, plan }: RestoreScope,
  there: FoundMachine,
  call: Call | undefined,
): Promise<void> {
  if (!plan.overwrite || !memory.isToReplace(there)) throw alreadyThere(details.name);
  refuseRunning(there, 'commit-restore');
  await memory.enter('name', { replaced: knownAs(there) });
  await renameMachine(client, there.object, replacedName(plan.id), call);
  const aside = await machineKnownAs(client, knownAs(there), call);
  await memory.enter('name', { aside: aside?.state ?? null });
}

/** Gives the machine that was set aside its name back. Resolves with `isThere: false` when it is gone. */
export async function putBack(
  { client, details, memory, plan }: RestoreScope,
  made: FoundMachine | undefined,
  call: Call | undefined,
): Promise<{ readonly isThere: boolean; readonly findings: readonly Finding[] }> {
  if (memory.replaced === null) return { isThere: true, findings: [] };
  const old = await machineKnownAs(client, memory.replaced, call);
  // one that was not renamed yet, or by its user since, stays as it is
  const isAside = old?.name === replacedName(plan.id);
  const findings = isAside ? await returnName(client, { old, made, name: details.name }, call) : [];
  return { isThere: old !== undefined, findings };
}

/** Removes the machine that was replaced, once the restore is complete: that cannot be called off any more. */
export async function removeReplaced({
  client,
  memory,
  plan,
}: Pick<RestoreScope, 'client' | 'memory' | 'plan'>): Promise<readonly Finding[]> {
  if (memory.replaced === null) return [];
  const old = await machineKnownAs(client, memory.replaced);
  // its user gave it another name: it is to stay
  if (old?.name !== replacedName(plan.id)) return [];
  // a process that died just after the other name was given could not save how it was
  return (await removeUnchanged(client, old, memory.aside ?? undefined)).findings;
}

/** What became of a machine that was set aside. One that was gone meanwhile, or got another name, is neither removed nor told. */
export type Settled = { readonly isRemoved: boolean; readonly findings: readonly Finding[] };

/**
 * Removes a machine that was set aside as `state` says, `undefined` where that is not known. One that was changed since then is in use
 * again: it stays, with a finding. What `seen` says may be old: it is looked at again.
 */
export async function removeUnchanged(
  client: VimClient,
  seen: FoundMachine,
  state: string | undefined,
): Promise<Settled> {
  const old = await machineKnownAs(client, knownAs(seen));
  if (old?.name !== seen.name) return { isRemoved: false, findings: [] };
  if (state === old.state) {
    const findings = await removeAside(client, old);
    return { isRemoved: findings.length === 0, findings };
  }
  const why =
    state === undefined
      ? 'it is not known whether it is used again'
      : 'its notes or its configuration were changed since it was set aside';
  const finding = stays(old, `${why}: remove it yourself, or give it another name to keep it`);
  return { isRemoved: false, findings: [finding] };
}

/** The name of the machine that was set aside, while it is still there with it. */
export async function asideName(
  { client, memory, plan }: Pick<RestoreScope, 'client' | 'memory' | 'plan'>,
  call: Call | undefined,
): Promise<string | undefined> {
  const old = memory.replaced === null ? undefined : await machineKnownAs(client, memory.replaced, call);
  return old?.name === replacedName(plan.id) ? old.name : undefined;
}

/** Gives `old` the name, which `made` may have by now. That somebody else has it is a finding. */
export async function returnName(
  client: VimClient,
  {
    old,
    made,
    name,
  }: { readonly old: FoundMachine; readonly made: FoundMachine | undefined; readonly name: string },
  call: Call | undefined,
): Promise<readonly Finding[]> {
  const spare = old.name.replace(/-replaced$/, '');
  if (made?.name === name) await renameMachine(client, made.object, spare, call);
  try {
    await renameMachine(client, old.object, name, call);
    return [];
  } catch (error) {
    if (!SendenseError.is(error, 'ALREADY_EXISTS')) throw error;
    return [stays(old, `another machine is called ${name} by now`)];
  }
}

/** Removes a machine that was set aside. What fails is a finding: the new one is there. */
async function removeAside(client: VimClient, old: FoundMachine): Promise<readonly Finding[]> {
  try {
    refuseRunning(old, 'remove-replaced');
    await destroyMachine(client, old.object);
    return [];
  } catch (error) {
    const why = SendenseError.is(error) ? error.message : String(error);
    return [
      stays(
        old,
        `${why}; a reconcile removes it once it is off, unless it is changed: give it another name to keep it`,
      ),
    ];
  }
}

/** A new machine that stays though its restore is undone: without it neither would be left. */
export function onlyOne({ name }: FoundMachine): Finding {
  const message = `${name} is whole, and the machine that it replaces is gone: it stays`;
  return { severity: 'warning', code: 'restored-machine-stays', message };
}

/** The machine of a restore that is complete, and the one that it replaced so long as that was not removed. */
export function completeStays(plan: PlanId, aside: string | undefined): Finding {
  const old =
    aside === undefined
      ? ''
      : `, and the machine that it replaced is still there as ${aside}: give that one another name to keep it, or complete the restore to remove it`;
  const message = `the restore ${plan} is complete: its machine and disks stay${old}`;
  return { severity: 'warning', code: 'restored-machine-stays', message };
}

function stays({ name }: FoundMachine, why: string): Finding {
  const message = `the machine that was to be replaced is still there as ${name}: ${why}`;
  return { severity: 'warning', code: 'replaced-machine-stays', message };
}
