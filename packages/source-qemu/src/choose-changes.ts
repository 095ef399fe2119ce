import type { ChangeState, FullReason, InstantId } from '@sendense/core';
import { type Baseline, parseState } from './baseline-state.ts';
import type { HostBitmap, HostDisk } from './host/machine-host.ts';

/** Why all of a disk is copied. */
export type Refusal = { readonly reason: FullReason; readonly detail: string };

/** What is copied of a disk: all of it, or what a bitmap has recorded since an instant. */
export type ChosenChanges =
  | ({ readonly kind: 'full' } & Refusal)
  | { readonly kind: 'incremental'; readonly since: InstantId; readonly bitmap: HostBitmap };

function refusal(reason: FullReason, detail: string): Refusal {
  return { reason, detail };
}

function whyMissing(disk: HostDisk, { bitmap, images: [image = ''] }: Baseline): Refusal {
  if (!disk.images.includes(image))
    return refusal('disk-replaced', `it was ${image} and is ${disk.images[0]}`);
  return disk.images[0] === image
    ? refusal('tracking-lost', `bitmap ${bitmap} is not in the disk any more`)
    : refusal('tracking-lost', `a snapshot was put over ${image}, and its bitmap sees no writes any more`);
}

/**
 * Whether the images below the newest one that the baseline knows are of its chain, some perhaps committed or pulled
 * into others. Another one was put below by hand (`qemu-img rebase -u`), and holds other bytes. A chain of strangers is a
 * copy that took the bitmaps along.
 */
function keepsChain(images: readonly string[], known: readonly string[]): boolean {
  const newest = images.findIndex((image) => known.includes(image));
  if (newest === -1) return true;
  let next = 0;
  return images.slice(newest).every((image) => {
    next = known.indexOf(image, next) + 1;
    return next > 0;
  });
}

/** Why `baseline` tells nothing of the disk as it is; its bitmap when it holds. */
function judge(disk: HostDisk, baseline: Baseline): Refusal | HostBitmap {
  const bitmap = disk.bitmaps.find(({ name }) => name === baseline.bitmap);
  if (disk.images[0] !== baseline.images[0] && bitmap === undefined) return whyMissing(disk, baseline);
  if (baseline.sizeBytes !== disk.sizeBytes) {
    return refusal('disk-resized', `it had ${baseline.sizeBytes} bytes and has ${disk.sizeBytes}`);
  }
  if (bitmap === undefined) return whyMissing(disk, baseline);
  if (!bitmap.consistent) {
    return refusal('tracking-inconsistent', `bitmap ${bitmap.name} was not saved by the last QEMU`);
  }
  if (!bitmap.recording) return refusal('tracking-lost', `bitmap ${bitmap.name} was switched off`);
  const sameImages = disk.followsSnapshots
    ? keepsChain(disk.images, baseline.images)
    : JSON.stringify(disk.images) === JSON.stringify(baseline.images);
  return sameImages ? bitmap : refusal('tracking-lost', 'its images are not those of the last backup');
}

/** What `state` says of the disk; `undefined` when it holds nothing of it. */
function tryState(disk: HostDisk, state: ChangeState, now: Date): ChosenChanges | Refusal | undefined {
  if (!state.disks.includes(disk.id)) return undefined;
  const data = parseState(state);
  if (data === undefined) return refusal('state-unreadable', `it was written by ${state.schema}`);
  const baseline = data.disks[disk.id];
  if (baseline === undefined) return undefined;
  if (state.expiresAt !== undefined && new Date(state.expiresAt) <= now) {
    return refusal('state-expired', `at ${state.expiresAt}`);
  }
  const bitmap = judge(disk, baseline);
  return 'reason' in bitmap ? bitmap : { kind: 'incremental', since: state.instant, bitmap };
}

/**
 * The smallest true answer: the delta since the newest state that holds, else a full with the reason for which the
 * newest one does not.
 */
export function chooseChanges(disk: HostDisk, since: readonly ChangeState[], now: Date): ChosenChanges {
  let reason: Refusal | undefined;
  for (const state of since) {
    const answer = tryState(disk, state, now);
    if (answer !== undefined && 'kind' in answer) return answer;
    reason ??= answer;
  }
  if (disk.untracked !== undefined) reason ??= refusal('no-change-tracking', disk.untracked);
  return { kind: 'full', ...(reason ?? refusal('first-backup', 'no baseline of this disk was given')) };
}
