import { type Call, type Finding, type PlannedDisk, type RestoredDisk, SendenseError } from '@sendense/core';
import {
  createMachine,
  describeMachine,
  type ManagedObject,
  moveDisk,
  reconfigureMachine,
  renameMachine,
  switchMachine,
} from '@sendense/platform-vmware';
import {
  changeOf,
  diskChanges,
  type MachineIdentity,
  machineSpecification,
  removal,
} from '../design/config-spec.ts';
import { type FoundMachine, machineOfId, machinesIn } from './find-machines.ts';
import { knownAs } from './known-machine.ts';
import { alreadyThere, refuseRunning } from './machine-refusals.ts';
import { placedFile, wasMoved } from './moved-disks.ts';
import { findCarrier, findRestored } from './own-machines.ts';
import { putTags } from './put-tags.ts';
import { putVariables, variablesFile } from './put-variables.ts';
import { removeCarrier } from './remove-machine.ts';
import { setAside } from './replaced-machine.ts';
import type { DiskMemory } from './restore-memory.ts';
import { notesOf, type RestoreScope } from './restore-scope.ts';

/** The machine of a restore, and what of the plan it has not. */
export type MadeMachine = { readonly machine: FoundMachine; readonly findings: readonly Finding[] };

/**
 * The commit: the machine is made, its disks are moved to it and put on its controllers, it gets its name, and is started on request.
 * One that it replaces has another name by then.
 * Each step finds what an earlier attempt did of it, so all of it can be repeated.
 */
export async function makeMachine(scope: RestoreScope, call: Call | undefined): Promise<MadeMachine> {
  const { memory, plan, run, context } = scope;
  if (memory.phase === 'committed') return { machine: await ours(scope, call), findings: memory.told };
  await run.fence.check();
  const made = await make(scope, call);
  const lost = memory.hasReached('name') ? memory.told : await putVariables(scope, made, call);
  await memory.enter('disks', { machine: knownAs(made), told: [...lost] });
  for (const index of plan.disks.keys()) await place(scope, index, made, call);
  await attach(scope, made, call);
  await memory.enter('name');
  await run.fence.check();
  await takeName(scope, made, call);
  const annotation = notesOf(scope, scope.details.name, {
    finished: true,
    replaces: memory.replaced !== null,
    replaced: memory.aside ?? undefined,
  });
  await reconfigureMachine(scope.client, made.object, changeOf({ annotation }), call);
  const findings = [...lost, ...(await putTags(scope, made, call))];
  if (plan.start) await start(scope, call);
  await memory.enter('committed', { told: findings });
  context.log?.({ level: 'info', message: 'a machine was restored', fields: { machine: made.object.id } });
  return { machine: await ours(scope, call), findings };
}

/** Where the disks of the machine are. */
export function restoredDisks({ plan, memory }: RestoreScope): readonly RestoredDisk[] {
  return plan.disks.map(({ id, targetSizeBytes }) => ({
    id,
    location: memory.disk(id).file ?? '',
    sizeBytes: targetSizeBytes,
  }));
}

async function ours(scope: RestoreScope, call: Call | undefined): Promise<FoundMachine> {
  return (await findRestored(scope, call)) ?? gone(scope.details.name);
}

function gone(name: string): never {
  throw new SendenseError('NOT_FOUND', `the restored machine ${name} is not there any more`, {
    operation: 'commit-restore',
    remedy: 'look who removed it; start the restore again for a new one',
  });
}

/** One that is to replace another has the name of the plan until then. */
async function make(scope: RestoreScope, call: Call | undefined): Promise<FoundMachine> {
  const { client, details, memory, plan } = scope;
  const found = await findRestored(scope, call);
  if (found !== undefined) return found;
  if (memory.machine !== null) gone(details.name);
  const there = (await machinesIn(client, details.folder, call)).find(({ name }) => name === details.name);
  if (there !== undefined) {
    if (!plan.overwrite || !memory.isToReplace(there)) throw alreadyThere(details.name);
    refuseRunning(there, 'commit-restore');
  }
  await memory.enter('machine');
  const annotation = notesOf(scope, details.name, { replaces: there !== undefined });
  const name = there === undefined ? details.name : plan.id;
  const { id } = await createNamed(scope, { name, annotation, datastore: details.datastore }, call);
  return (await machineOfId(client, id, call)) ?? gone(details.name);
}

/** Without the right to name a file of UEFI variables the machine is made without: all of its disks were sent already. */
async function createNamed(
  { client, details, plan, context }: RestoreScope,
  identity: Pick<MachineIdentity, 'name' | 'annotation' | 'datastore'>,
  call: Call | undefined,
): Promise<ManagedObject> {
  const { folder, pool, host, machine } = details;
  const create = (variables: Pick<MachineIdentity, 'variables'>) =>
    createMachine(
      client,
      machineSpecification({ ...identity, ...variables }, machine),
      { folder, pool, host: host ?? undefined },
      call,
    );
  if (!machine.variables) return await create({});
  try {
    return await create({ variables: variablesFile(plan.id) });
  } catch (error) {
    if (!SendenseError.is(error, 'PERMISSION_DENIED')) throw error;
    const message = 'a machine is made without its UEFI variables';
    context.log?.({ level: 'warn', message, fields: { why: error.message } });
    return await create({});
  }
}

/** Moves a disk from the machine that held it while it was sent. */
async function place(
  scope: RestoreScope,
  index: number,
  made: FoundMachine,
  call: Call | undefined,
): Promise<void> {
  const { client, details, memory, plan } = scope;
  const planned = plan.disks[index];
  if (planned === undefined) return;
  const disk = memory.disk(planned.id);
  const { state, file, carrier } = disk;
  const destination = placedFile(made, details.name, index);
  if (state !== 'placed' && file !== null) {
    await detach(scope, planned, call);
    const paths = { from: file, to: destination };
    await memory.changeDisk(planned.id, { state: 'placing', file, carrier });
    await moveOnce(scope, disk, call, () => moveDisk(client, details.datacenter, paths, call));
    await memory.changeDisk(planned.id, { state: 'placed', file: destination, carrier });
  }
}

async function moveOnce(
  scope: RestoreScope,
  disk: DiskMemory,
  call: Call | undefined,
  move: () => Promise<void>,
): Promise<void> {
  if (await wasMoved(scope, disk, call)) return;
  try {
    await move();
  } catch (error) {
    // the task of an attempt that died may have ended meanwhile
    if (!(await wasMoved(scope, disk, call))) throw error;
  }
}

async function detach(scope: RestoreScope, disk: PlannedDisk, call: Call | undefined): Promise<void> {
  const { client } = scope;
  const carrier = await findCarrier(scope, disk, call);
  if (carrier === undefined) return;
  const { disks } = (await describeMachine(client, carrier.object, call)).machine;
  if (disks.length === 0) return;
  const devices = disks.map(({ key }) => removal(key));
  await reconfigureMachine(client, carrier.object, changeOf({ devices }), call);
}

/** Puts all disks on their controllers at once, and removes the machines that held them. */
async function attach(scope: RestoreScope, made: FoundMachine, call: Call | undefined): Promise<void> {
  const { client, details, memory, plan } = scope;
  const { disks: attached } = (await describeMachine(client, made.object, call)).machine;
  if (attached.length === 0) {
    const disks = plan.disks.flatMap(({ id, targetSizeBytes: sizeBytes }, index) => {
      const seat = details.seats[index];
      const { file } = memory.disk(id);
      return seat === undefined || file === null
        ? []
        : [{ file, seat, sizeBytes, provisioning: details.provisioning }];
    });
    await reconfigureMachine(client, made.object, changeOf({ devices: diskChanges(disks) }), call);
  }
  for (const disk of plan.disks) await removeCarrier(scope, disk, call);
}

/** The machine that is replaced is set aside only when the new one is complete. */
async function takeName(scope: RestoreScope, made: FoundMachine, call: Call | undefined): Promise<void> {
  const { client, details } = scope;
  if (made.name === details.name) return;
  const there = (await machinesIn(client, details.folder, call)).find(({ name }) => name === details.name);
  if (there !== undefined) await setAside(scope, there, call);
  await renameMachine(client, made.object, details.name, call);
}

async function start(scope: RestoreScope, call: Call | undefined): Promise<void> {
  await scope.memory.enter('start');
  const { object, isOff } = await ours(scope, call);
  if (isOff) await switchMachine(scope.client, object, 'on', call);
}
