import {
  type PlanId,
  type RestorePlan,
  type RestoreRun,
  type RestoreWriter,
  SendenseError,
} from '@sendense/core';
import { refuseInUse } from '@sendense/plugin-kit/files';
import type { TargetContext } from './context.ts';
import { findDestination, findPlanned, parsePartialName, partialPath } from './destination.ts';
import type { RestoreScope } from './disk-writer.ts';
import { ImageRestoreWriter } from './image-restore-writer.ts';
import { refuseDestination } from './refuse-destination.ts';
import { RestoreDisk } from './restore-disk.ts';
import { RestoreMemory } from './restore-memory.ts';

function locked(location: string, plan: PlanId): SendenseError {
  return new SendenseError('LOCKED', `another restore (${plan}) writes to ${location}`, {
    operation: 'begin-restore',
    remedy: `wait for it; if it has stopped, resume it or roll it back, or remove ${partialPath(location, plan)}`,
    context: { location, plan },
  });
}

/** Rejects with `LOCKED` when the unfinished file of another plan lies beside one of ours. */
async function refuseOthers(
  { context, destination, plan }: RestoreScope,
  disks: readonly RestoreDisk[],
): Promise<void> {
  if (destination.kind === 'device') return;
  for (const name of await context.fileSystem.list(destination.folder)) {
    const other = parsePartialName(destination, name);
    if (other === undefined || other.plan === plan.id) continue;
    const disk = disks.find(({ location }) => location.endsWith(`/${other.file}`));
    if (disk !== undefined) throw locked(disk.location, other.plan);
  }
}

/** Rejects before anything is written when a disk cannot be put where the plan says. */
async function checkPlaces(
  { context, destination, plan }: RestoreScope,
  disks: readonly RestoreDisk[],
): Promise<void> {
  for (const { planned, location, isDevice } of disks) {
    if (planned.location !== location) {
      throw new SendenseError(
        'CONFIG_INVALID',
        `the plan is for ${planned.location}, this target is ${location}`,
        {
          operation: 'begin-restore',
          remedy: 'begin with the plan that check() of this target gives',
        },
      );
    }
    await refuseDestination(context, destination, location);
    await refuseInUse(context.fileSystem, context.imageLocks, location);
    if (plan.overwrite || (await context.fileSystem.stat(location)) === undefined) continue;
    throw new SendenseError('ALREADY_EXISTS', `${location} already exists`, {
      operation: 'begin-restore',
      remedy: isDevice ? 'allow it to be overwritten' : 'choose another name, or allow it to be overwritten',
    });
  }
}

async function makeFolder({ context, destination, memory }: RestoreScope): Promise<void> {
  if (!destination.isFolderMissing) return;
  await memory.change({ folderMade: true });
  await context.fileSystem.makeDirectory(destination.folder);
}

async function createAll(scope: RestoreScope, disks: readonly RestoreDisk[]): Promise<void> {
  await checkPlaces(scope, disks);
  if (!scope.destination.isFolderMissing) await refuseOthers(scope, disks);
  await makeFolder(scope);
  await scope.memory.change({ phase: 'writing' });
  try {
    for (const disk of disks) await disk.create();
    // Once more: of two that began at the same moment, both see the other, and neither writes.
    await refuseOthers(scope, disks);
  } catch (error) {
    for (const disk of disks) await disk.remove().catch(() => undefined); // what began it all is the one to tell
    throw error;
  }
}

/**
 * Rejects with `NOT_FOUND` when the place is not there that the restore wrote to: a share that is not mounted must not pass for one
 * that holds nothing of it.
 */
async function findWritten({ context, destination, memory }: RestoreScope, disks: readonly RestoreDisk[]) {
  const isThere = !destination.isFolderMissing || memory.folderMade;
  for (const { planned, location } of disks) {
    const written = destination.kind === 'device' ? planned.location : await findPlanned(context, planned);
    if (isThere && written === location) continue;
    throw new SendenseError('NOT_FOUND', `the folder of ${planned.location} is not there`, {
      operation: 'find-destination',
      remedy: 'see that it is mounted, then resume the restore or roll it back',
      context: { location: planned.location },
    });
  }
}

async function resumeAll(disks: readonly RestoreDisk[]): Promise<void> {
  try {
    for (const disk of disks) await disk.resume();
  } catch (error) {
    await Promise.allSettled(disks.map((disk) => disk.close()));
    throw error;
  }
}

/** Begins or resumes a restore, which stays in `open` until it is closed; see `TargetConnector.begin`. */
export async function beginRestore(
  context: TargetContext,
  open: Set<RestoreWriter>,
  plan: RestorePlan,
  run: RestoreRun,
): Promise<RestoreWriter> {
  const destination = await findDestination(context);
  const scope: RestoreScope = { context, destination, plan, memory: new RestoreMemory(plan, run) };
  const disks = plan.disks.map((planned) => new RestoreDisk(scope, planned));
  if (run.resume === undefined) await createAll(scope, disks);
  else {
    await findWritten(scope, disks);
    // a rollback removes what there is, and tells it
    if (!run.undo) await resumeAll(disks);
  }
  const writer = new ImageRestoreWriter(scope, run, disks, (closed) => void open.delete(closed));
  open.add(writer);
  return writer;
}
