import {
  type Call,
  type RestorePlan,
  type RestoreRun,
  type RestoreWriter,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import type { VimClient } from '@sendense/platform-vmware';
import type { TargetContext } from '../context.ts';
import { type FoundMachine, machinesIn } from './find-machines.ts';
import { knownAs } from './known-machine.ts';
import { alreadyThere, refuseRunning } from './machine-refusals.ts';
import { type PlanDetails, parseDetails } from './plan-details.ts';
import { RestoreMemory } from './restore-memory.ts';
import { serverId } from './server-id.ts';
import { VmwareRestoreWriter } from './vmware-restore-writer.ts';

/** Rejects before anything is written when the name is taken. Resolves with the machine that is to be replaced. */
async function checkName(
  client: VimClient,
  { folder, name }: PlanDetails,
  plan: RestorePlan,
  call: Call | undefined,
): Promise<FoundMachine | undefined> {
  const there = (await machinesIn(client, folder, call)).find((machine) => machine.name === name);
  if (there === undefined) return undefined;
  if (!plan.overwrite) throw alreadyThere(name);
  refuseRunning(there, 'begin-restore');
  return there;
}

/** Begins or resumes a restore, which stays in `open` until it is closed; see `TargetConnector.begin`. */
export async function beginRestore(
  context: TargetContext,
  open: Set<RestoreWriter>,
  plan: RestorePlan,
  run: RestoreRun,
  call: Call | undefined,
): Promise<RestoreWriter> {
  throwIfAborted(call?.signal, 'begin-restore');
  if (plan.into !== 'new-machine') throw otherWay(plan);
  const memory = new RestoreMemory(plan, run, context.clock.now().getTime());
  const installation = await context.installation();
  const client = await context.connect(call);
  const details = parseDetails(plan, serverId(client));
  if (run.resume === undefined) {
    const there = await checkName(client, details, plan, call);
    await memory.enter('writing', { seen: there === undefined ? null : knownAs(there) });
  }
  const scope = { context, client, plan, run, details, memory, installation };
  const writer = new VmwareRestoreWriter(scope, (closed) => void open.delete(closed));
  open.add(writer);
  return writer;
}

function otherWay({ into }: RestorePlan): SendenseError {
  return new SendenseError('UNSUPPORTED', `the VMware target does not restore into ${into}`, {
    operation: 'begin-restore',
    remedy: 'restore as a new machine',
  });
}
