import type { ChangeState, FullReason, InstantId } from '@sendense/core';
import { type BaselineRefusal, chooseBaseline } from '@sendense/plugin-kit/baselines';
import { type Baseline, parseState } from './baseline-state.ts';
import type { HostBitmap, HostDisk } from './host/machine-host.ts';

/** What a bitmap has recorded since an instant. */
type Delta = { readonly since: InstantId; readonly bitmap: HostBitmap };

/** What is copied of a disk: all of it, or what a bitmap has recorded since an instant. */
export type ChosenChanges =
  | ({ readonly kind: 'full' } & BaselineRefusal)
  | ({ readonly kind: 'incremental' } & Delta);

function refusal(reason: FullReason, detail: string): BaselineRefusal {
  return { reason, detail };
}

function whyMissing(disk: HostDisk, { bitmap, images: [image = ''] }: Baseline): BaselineRefusal {
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
function judge(disk: HostDisk, baseline: Baseline): BaselineRefusal | HostBitmap {
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

/**
 * The smallest true answer: the delta since the newest state that holds, else a full with the reason for which the
 * newest one does not.
 */
export async function chooseChanges(
  disk: HostDisk,
  since: readonly ChangeState[],
  now: Date,
): Promise<ChosenChanges> {
  const { id, untracked } = disk;
  const answer = await chooseBaseline<Baseline, Delta>({
    disk: id,
    since,
    now,
    parse: parseState,
    untracked,
    judge: (baseline, instant) => {
      const bitmap = judge(disk, baseline);
      return 'reason' in bitmap ? bitmap : { held: { since: instant, bitmap } };
    },
  });
  return 'held' in answer ? { kind: 'incremental', ...answer.held } : { kind: 'full', ...answer };
}
