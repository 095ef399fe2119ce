import { type Finding, SendenseError } from '@sendense/core';
import type { VimDisk, VimMachine, VimSnapshot } from '@sendense/platform-vmware';
import { nameOf } from './leftovers.ts';
import type { CheckedOptions } from './options.ts';

/** The virtual hardware that has change tracking, of ESX 4. */
const FIRST_TRACKING_HARDWARE = 7;

/** Kinds of backings that are files of a datastore; others are devices, or of products long gone. */
const FILES: ReadonlySet<string> = new Set(['VirtualDiskFlatVer2', 'VirtualDiskSeSparse']);

/** Why a disk cannot be in a backup, as a sentence; `undefined` when it can. */
export function whySkipped({
  mode = 'persistent',
  backing,
  shared,
  fileName,
  sizeBytes,
}: VimDisk): string | undefined {
  if (mode.startsWith('independent'))
    return 'it is independent, and no snapshot holds it: make it dependent, or back it up inside the guest';
  if (backing.startsWith('VirtualDiskRawDisk'))
    return 'it is a raw device mapping, whose bytes are in no file of a datastore: back it up inside the guest';
  if (shared) return 'other machines may write to it, so that no snapshot of one freezes it';
  if (!FILES.has(backing) || fileName === undefined) return `its backing (${backing}) is not read`;
  if (sizeBytes === 0) return 'it has no size';
  return undefined;
}

/** Why the changes of a machine are not recorded, and will not be, as a sentence; `undefined` when they are or can be. */
export function whyUntracked(
  { hardwareVersion, changeTracking, snapshots }: VimMachine,
  { track }: CheckedOptions,
): string | undefined {
  if (track === 'off') return 'change tracking is switched off for this source';
  if (hardwareVersion !== undefined && hardwareVersion < FIRST_TRACKING_HARDWARE)
    return `its virtual hardware is of version ${hardwareVersion}; change tracking needs ${FIRST_TRACKING_HARDWARE}: upgrade it`;
  if (!changeTracking.supported) return 'the server says that the machine cannot track changes';
  if (changeTracking.enabled) return undefined;
  if (track === 'existing')
    return 'change tracking is off in the machine, and this source does not switch it on';
  if (snapshots.snapshots.length > 0)
    return `change tracking is off, and cannot be switched on over its ${snapshots.snapshots.length} snapshots: remove them once`;
  return undefined;
}

/** Why the changes of one disk are not recorded though those of its machine are, as a sentence: its snapshot would mark them. */
export function whyUnmarked(
  { changeId }: Pick<VimDisk, 'changeId'>,
  snapshot: VimSnapshot | undefined,
): string | undefined {
  if (snapshot === undefined || changeId !== undefined) return undefined;
  return 'change tracking is on, and its snapshot has no change id: remove all snapshots of the machine once, or power it off and on';
}

/** The snapshots of a machine that are a worry, as findings: many, or old ones. */
export function snapshotFindings(
  { snapshots: { snapshots } }: VimMachine,
  { maxSnapshots, oldSnapshotHours }: CheckedOptions,
  now: Date,
): readonly Finding[] {
  const old = snapshots.filter((snapshot) => ageHours(snapshot, now) >= oldSnapshotHours);
  return [
    ...(snapshots.length > maxSnapshots ? [tooMany(snapshots.length, maxSnapshots)] : []),
    ...old.slice(0, 8).map((snapshot) => oldSnapshot(snapshot, now)),
  ];
}

/** Throws `CONFLICT` when the machine has more snapshots than allowed. */
export function checkSnapshots(machine: VimMachine, { maxSnapshots }: CheckedOptions): void {
  const { length } = machine.snapshots.snapshots;
  if (length <= maxSnapshots) return;
  throw new SendenseError('CONFLICT', tooMany(length, maxSnapshots).message, {
    operation: 'begin-capture',
    context: { snapshots: length, maxSnapshots },
    remedy: 'remove those that nobody needs: `reconcile` removes the leftovers of backups',
  });
}

function ageHours({ createdAt }: VimSnapshot, now: Date): number {
  return createdAt === undefined ? 0 : (now.getTime() - createdAt.getTime()) / 3_600_000;
}

function tooMany(count: number, most: number): Finding {
  return {
    severity: 'error',
    code: 'too-many-snapshots',
    message: `the machine has ${count} snapshots, more than the ${most} that are allowed for another to be taken`,
  };
}

function oldSnapshot(snapshot: VimSnapshot, now: Date): Finding {
  const whose = nameOf(snapshot) === undefined ? '' : ' of a backup that was not finished';
  return {
    severity: 'warning',
    code: 'old-snapshot',
    message: `the snapshot "${snapshot.name.slice(0, 80)}"${whose} is ${Math.floor(ageHours(snapshot, now))} hours old; its disks grow and slow down`,
    object: snapshot.object.id,
  };
}
