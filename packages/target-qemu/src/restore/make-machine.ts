import {
  type Call,
  type RestoredDisk,
  type RestorePlan,
  type RestoreRun,
  SendenseError,
} from '@sendense/core';
import { unfinishedFilesOf, writeFileDurably } from '@sendense/plugin-kit/files';
import type { TargetContext } from '../context.ts';
import { isOff } from '../host/libvirt-host.ts';
import { exists, isOurs, refuseRunning } from './machine-state.ts';
import type { PlanDetails } from './plan-details.ts';
import type { RestoreMemory } from './restore-memory.ts';

/** What the steps of one restore share. */
export type RestoreScope = {
  readonly context: TargetContext;
  readonly plan: RestorePlan;
  readonly run: RestoreRun;
  readonly details: PlanDetails;
  readonly memory: RestoreMemory;
};

/**
 * The commit: the disks get their names, the UEFI variables are written, the domain is defined, and started on request.
 * Each step finds what an earlier attempt did of it, so all of it can be repeated.
 */
export async function makeMachine(
  scope: RestoreScope,
  commitDisks: () => Promise<readonly RestoredDisk[]>,
  call: Call | undefined,
): Promise<readonly RestoredDisk[]> {
  const { memory, run, plan } = scope;
  if (memory.phase === 'committed') return await commitDisks();
  await refuseUse(scope, call);
  await memory.enter('disks');
  const disks = await commitDisks();
  await memory.enter('nvram');
  await run.fence.check();
  await writeVariables(scope, call);
  await define(scope, call);
  if (plan.start) await start(scope, call);
  await memory.enter('committed');
  return disks;
}

/** The machine whose disks or definition are about to be replaced must not run; ours may, started by an earlier attempt. */
async function refuseUse({ context, details, plan }: RestoreScope, call: Call | undefined): Promise<void> {
  const id = details.existing?.uuid ?? details.domain?.name;
  const found = id === undefined ? undefined : await context.host.find(id, call);
  if (found === undefined || isOurs(found, plan)) return;
  if (details.domain !== null && !plan.overwrite) throw exists(details.domain.name);
  refuseRunning(found, 'commit-restore');
}

async function writeVariables(
  { context, details, run }: RestoreScope,
  call: Call | undefined,
): Promise<void> {
  const path = details.domain?.nvramPath;
  if (path === undefined || path === null) return;
  const artifact = run.artifacts?.find(({ name }) => name === 'nvram');
  if (artifact === undefined) {
    throw new SendenseError('NOT_FOUND', 'the UEFI variables that the plan is for are not in the point', {
      operation: 'commit-restore',
      remedy: 'start the restore again',
    });
  }
  // Written before the domain is there that uses them: a machine that has run keeps what it changed.
  const { host, fileSystem } = context;
  const isDefined = details.domain !== null && (await host.find(details.domain.uuid, call)) !== undefined;
  if (isDefined && (await fileSystem.stat(path)) !== undefined) return;
  // what an attempt left that died: the file is named by the plan, so nobody else writes it
  for (const unfinished of await unfinishedFilesOf(fileSystem, path)) await fileSystem.unlink(unfinished);
  await writeFileDurably(fileSystem, path, await artifact.bytes(call));
}

async function define(
  { context, details, memory, plan }: RestoreScope,
  call: Call | undefined,
): Promise<void> {
  const { domain } = details;
  if (domain === null) return;
  const found = await context.host.find(domain.name, call);
  if (isOurs(found, plan)) {
    await context.host.removeDraft(plan.id);
    return;
  }
  await memory.enter('define', { replacedXml: found?.xml ?? null });
  await context.host.define(domain.xml, plan.id, call);
}

async function start({ context, details, memory }: RestoreScope, call: Call | undefined): Promise<void> {
  const uuid = details.domain?.uuid ?? details.existing?.uuid;
  if (uuid === undefined) return;
  await memory.enter('start');
  const found = await context.host.find(uuid, call);
  if (found !== undefined && isOff(found)) await context.host.start(uuid, call);
}
