import type { Call, ChangeState, Extent, FullReason, IncrementalChanges, InstantId } from '@sendense/core';
import { changedExtents, isSameVersion, qcow2Of } from '@sendense/platform-image';
import { type BaselineRefusal, chooseBaseline } from '@sendense/plugin-kit/baselines';
import { type Baseline, parseState } from './baseline-state.ts';
import type { OpenedDisk } from './opened-disk.ts';

/** What to copy of a disk, and how much that is. */
export type ChosenChanges = {
  readonly changes:
    | { readonly kind: 'full'; readonly reason: FullReason; readonly detail: string }
    | IncrementalChanges;
  /** Sum of the extents. */
  readonly changedBytes: number;
  /** Sum of the extents that must be read. */
  readonly readBytes: number;
};

function refusal(reason: FullReason, detail: string): BaselineRefusal {
  return { reason, detail };
}

/** Why `baseline` tells nothing of the image as it stands; `undefined` when it holds. */
function whyUnusable(disk: OpenedDisk, baseline: Baseline): BaselineRefusal | undefined {
  const [top, ...parents] = disk.watch.versions;
  const bitmap = qcow2Of(disk.image)?.bitmaps.find(({ name }) => name === baseline.bitmap);
  if (baseline.sizeBytes !== disk.image.sizeBytes) {
    return refusal('disk-resized', `it had ${baseline.sizeBytes} bytes and has ${disk.image.sizeBytes}`);
  }
  if (bitmap === undefined) {
    return top?.identity === baseline.identity
      ? refusal('tracking-lost', `bitmap ${baseline.bitmap} is not in the image any more`)
      : refusal('disk-replaced', 'another file is in its place');
  }
  if (!bitmap.consistent) {
    return refusal('tracking-inconsistent', `bitmap ${baseline.bitmap} was not saved by the last writer`);
  }
  if (!bitmap.recording) return refusal('tracking-lost', `bitmap ${baseline.bitmap} was switched off`);
  const sameParents =
    parents.length === baseline.parents.length &&
    parents.every((parent, index) => {
      const before = baseline.parents[index];
      return before?.path === parent.path && isSameVersion(parent, before);
    });
  return sameParents
    ? undefined
    : refusal('tracking-lost', 'its backing files are not those of the last backup');
}

async function sums(extents: AsyncIterable<Extent>): Promise<{ changedBytes: number; readBytes: number }> {
  let changedBytes = 0;
  let readBytes = 0;
  for await (const { length, kind } of extents) {
    changedBytes += length;
    if (kind === 'data') readBytes += length;
  }
  return { changedBytes, readBytes };
}

/** The delta of `baseline`. The bitmap is read once here, so that a damaged one leads to a full instead of a failure. */
async function delta(
  disk: OpenedDisk,
  baseline: Baseline,
  since: InstantId,
  call?: Call,
): Promise<{ readonly held: ChosenChanges } | BaselineRefusal> {
  const extents = (inner?: Call) => changedExtents(disk.image, baseline.bitmap, inner);
  try {
    return { held: { changes: { kind: 'incremental', since, extents }, ...(await sums(extents(call))) } };
  } catch (error) {
    if (call?.signal?.aborted === true) throw error;
    return refusal('tracking-inconsistent', `bitmap ${baseline.bitmap} cannot be read: ${String(error)}`);
  }
}

async function full(
  disk: OpenedDisk,
  { reason, detail }: BaselineRefusal,
  call?: Call,
): Promise<ChosenChanges> {
  const { readBytes } = await sums(disk.image.extents({ offset: 0, length: disk.image.sizeBytes }, call));
  return { changes: { kind: 'full', reason, detail }, changedBytes: readBytes, readBytes };
}

/** Circumstances of a choice. */
export type Choice = {
  /** Newest first. */
  readonly since: readonly ChangeState[];
  /** Why the image can hold no new baseline now, or `undefined`. */
  readonly untracked: string | undefined;
  readonly now: Date;
};

/**
 * The smallest true answer: the delta since the newest state that holds, else a full with the reason for which the
 * newest one does not.
 */
export async function chooseChanges(disk: OpenedDisk, choice: Choice, call?: Call): Promise<ChosenChanges> {
  const { since, untracked, now } = choice;
  const answer = await chooseBaseline<Baseline, ChosenChanges>({
    disk: disk.id,
    since,
    now,
    parse: parseState,
    untracked,
    judge: async (baseline, instant) =>
      whyUnusable(disk, baseline) ?? (await delta(disk, baseline, instant, call)),
  });
  return 'held' in answer ? answer.held : await full(disk, answer, call);
}
