import {
  type Call,
  isRestoreGone,
  type RestorePlan,
  type RestoreRun,
  type RestoreWriter,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import type { TargetContext } from '../context.ts';
import { imageTargetFor } from './disk-place.ts';
import { exists, refuseRunning } from './machine-state.ts';
import { type PlanDetails, parseDetails } from './plan-details.ts';
import { type OpenDisk, QemuRestoreWriter } from './qemu-restore-writer.ts';
import { RestoreMemory } from './restore-memory.ts';

/** Rejects before anything is written when the machine cannot be made, or changed, as planned. */
async function checkMachine(
  { host }: TargetContext,
  plan: RestorePlan,
  { domain, existing }: PlanDetails,
  call: Call | undefined,
): Promise<void> {
  if (existing !== null) {
    const found = await host.find(existing.uuid, call);
    if (found === undefined) throw gone(existing.name);
    refuseRunning(found, 'begin-restore');
  }
  if (domain === null) return;
  const found = await host.find(domain.name, call);
  if (found === undefined) return;
  if (!plan.overwrite) throw exists(domain.name);
  if (found.uuid !== domain.uuid) {
    throw new SendenseError(
      'CONFLICT',
      `${domain.name} is another domain than when the restore was planned`,
      {
        operation: 'begin-restore',
        remedy: 'start the restore again',
      },
    );
  }
  refuseRunning(found, 'begin-restore');
}

function gone(name: string): SendenseError {
  return new SendenseError('NOT_FOUND', `libvirt has no domain ${name} any more`, {
    operation: 'begin-restore',
    remedy: 'restore it as a new machine',
  });
}

/** Opens the writer of each disk, of one to undo where there is something of it; when one fails, takes back what this call made. */
async function openDisks(
  context: TargetContext,
  plan: RestorePlan,
  run: RestoreRun,
  details: PlanDetails,
  memory: RestoreMemory,
): Promise<readonly OpenDisk[]> {
  const open: OpenDisk[] = [];
  try {
    for (const [index, planned] of plan.disks.entries()) {
      const place = details.places[index];
      const resume = memory.disk(planned.id);
      // nothing is made of a disk before its first state is saved
      if (place === undefined || (run.undo && resume === undefined)) continue;
      const target = imageTargetFor(context, place);
      const { existing: _existing, ...rest } = plan;
      const disks = [planned];
      const diskPlan: RestorePlan = {
        ...rest,
        into: 'disks-only',
        platform: 'image',
        start: false,
        disks,
        options: {},
      };
      const writer = await target.begin(diskPlan, {
        fence: run.fence,
        save: (state) => memory.changeDisk(planned.id, state),
        ...(resume === undefined ? {} : { resume }),
        ...(run.undo && { undo: run.undo }),
      });
      open.push({ planned, writer, target });
    }
    return open;
  } catch (error) {
    for (const { writer, target } of open) {
      // what began it all is the one to tell
      if (run.resume === undefined) await writer.rollback().catch(() => undefined);
      await writer[Symbol.asyncDispose]();
      await target[Symbol.asyncDispose]();
    }
    throw isRestoreGone(error, plan.id) && memory.mayHaveMachine ? unfit(plan, error) : error;
  }
}

/** Who starts over forgets the definition that was replaced: a rollback gives it back. */
function unfit({ id }: RestorePlan, cause: unknown): SendenseError {
  const message = `a disk of the restore ${id} is gone that its machine was made of`;
  return new SendenseError('NOT_FOUND', message, {
    operation: 'resume-restore',
    remedy: 'roll it back, then start a new restore',
    cause,
  });
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
  const details = parseDetails(plan);
  const memory = new RestoreMemory(plan, run);
  if (run.resume === undefined) {
    await checkMachine(context, plan, details, call);
    await memory.enter('writing');
  }
  const disks = await openDisks(context, plan, run, details, memory);
  const scope = { context, plan, run, details, memory };
  const writer = new QemuRestoreWriter(scope, disks, (closed) => void open.delete(closed));
  open.add(writer);
  return writer;
}
