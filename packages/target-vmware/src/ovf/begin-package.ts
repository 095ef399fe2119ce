import { isDeepStrictEqual } from 'node:util';
import {
  type Call,
  type RestorePlan,
  type RestoreRun,
  type RestoreWriter,
  restoreGone,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import { layoutOf } from './layout-of.ts';
import type { PackageContext, PackageScope } from './package-context.ts';
import { parsePackageDesign } from './package-design.ts';
import type { PackageLayout } from './package-layout.ts';
import { PackageMemory } from './package-memory.ts';
import { diskFileName, findPackagePlace, partialPackage } from './package-place.ts';
import { PackageWriter } from './package-writer.ts';
import { refuseOtherPlans, refusePlace, refuseTakenPlace } from './refuse-place.ts';

function checkPlan({ plan, place }: PackageScope): void {
  const isHere = plan.disks.every(
    ({ location, number }) => location === `${place.path}/${diskFileName(place, number)}`,
  );
  if (isHere) return;
  throw new SendenseError('CONFIG_INVALID', `the plan is not for ${place.path}`, {
    operation: 'begin-restore',
    remedy: 'begin with the plan that check() of this target gives',
  });
}

async function create({ context, place, plan, memory }: PackageScope, layout: PackageLayout): Promise<void> {
  await refusePlace(context, place);
  await refuseTakenPlace(context, place, plan.overwrite);
  await refuseOtherPlans(context, place, plan.id);
  await memory.enter('writing', { room: layout.room ?? null });
  await layout.create();
  try {
    // once more: of two that began at the same moment, both see the other, and neither writes
    await refuseOtherPlans(context, place, plan.id);
  } catch (error) {
    await layout.remove();
    throw error;
  }
}

/** Whether the disks that were whole are still there below `root`, the package with its first or its final name. */
async function holdsDisks(
  { context, plan, memory }: PackageScope,
  layout: PackageLayout,
  root: string,
): Promise<boolean> {
  for (const planned of plan.disks) {
    const whole = memory.disk(planned.id);
    if (whole === undefined) continue;
    const status = await context.fileSystem.stat(layout.file(planned, root));
    if (status === undefined || status.sizeBytes < whole.offset + whole.sizeBytes) return false;
  }
  return true;
}

/**
 * Rejects with `restoreGone` when what an earlier attempt wrote is gone, or of no use: what is left of it goes, because whoever
 * resumes starts over.
 */
async function resume(scope: PackageScope, layout: PackageLayout): Promise<void> {
  const { context, place, plan, memory, run } = scope;
  // a rollback removes what there is, and tells it
  if (run.undo) return;
  const { fileSystem } = context;
  const partial = partialPackage(place, plan.id);
  const { identity } = memory;
  if (identity !== null && (await fileSystem.stat(place.path))?.identity === identity) return;
  const isThere = (await fileSystem.stat(partial)) !== undefined;
  if (!isThere && plan.disks.every(({ id }) => memory.disk(id) === undefined)) {
    await memory.enter('writing', { room: layout.room ?? null });
    return await layout.create();
  }
  const hasRoom = layout.room === undefined || isDeepStrictEqual(memory.room, layout.room);
  if (isThere && hasRoom && (await holdsDisks(scope, layout, partial))) return;
  const { findings } = await layout.remove();
  const why = hasRoom
    ? 'is gone, or part of it'
    : 'was begun by another version, which lays it out otherwise';
  const told = [`${partial} of the restore to resume ${why}`, ...findings.map(({ message }) => message)];
  throw restoreGone(plan.id, told.join('; '));
}

/** Begins or resumes a restore, which stays in `open` until it is closed; see `TargetConnector.begin`. */
export async function beginPackage(
  context: PackageContext,
  open: Set<RestoreWriter>,
  plan: RestorePlan,
  run: RestoreRun,
  call: Call | undefined,
): Promise<RestoreWriter> {
  throwIfAborted(call?.signal, 'begin-restore');
  const place = await findPackagePlace(context.fileSystem, context.options);
  const memory = new PackageMemory(plan, run, context.clock.now().getTime());
  const scope: PackageScope = { context, place, plan, run, design: parsePackageDesign(plan), memory };
  checkPlan(scope);
  const layout = layoutOf(scope);
  if (run.resume === undefined) await create(scope, layout);
  else await resume(scope, layout);
  const writer = new PackageWriter(scope, layout, (closed) => void open.delete(closed));
  open.add(writer);
  return writer;
}
