import { basename } from 'node:path';
import {
  type Call,
  type CapturePlan,
  type CaptureRequest,
  consistencySatisfies,
  type DiskId,
  type DiskPlan,
  type Finding,
  SendenseError,
  type SkippedDisk,
} from '@sendense/core';
import { type ChosenChanges, chooseChanges } from './choose-changes.ts';
import type { SourceContext } from './context.ts';
import { diskIdsOf } from './disk-id.ts';
import type { FoundImages } from './find-images.ts';
import type { OpenedDisk } from './opened-disk.ts';
import { whyNoBaseline } from './why-no-baseline.ts';

/** A disk with what a capture does with it. */
export type DecidedDisk = OpenedDisk & {
  readonly choice: ChosenChanges;
  /** Why no baseline can be made, or `undefined`. */
  readonly refusal: string | undefined;
};

/** Decides each disk. */
export async function decideDisks(
  context: SourceContext,
  request: CaptureRequest,
  disks: readonly OpenedDisk[],
  call?: Call,
): Promise<readonly DecidedDisk[]> {
  const since = context.options.track === 'off' ? [] : request.since;
  const decided: DecidedDisk[] = [];
  for (const disk of disks) {
    const refusal = await whyNoBaseline(context, disk);
    const choice = await chooseChanges(disk, { since, untracked: refusal, now: context.clock.now() }, call);
    decided.push({ ...disk, choice, refusal });
  }
  return decided;
}

/** The disks that the request leaves out. Rejects with `NOT_FOUND` for one that is not there. */
export function skippedDisks(
  context: SourceContext,
  found: FoundImages,
  request: CaptureRequest,
): readonly SkippedDisk[] {
  const ids = new Set<DiskId>(diskIdsOf(found.paths, context.options.machineId));
  const excluded = request.disks?.exclude ?? [];
  return excluded.filter((id) => ids.has(id)).map((id) => ({ id, reason: 'excluded by the request' }));
}

/** Files at rest are as after pulling the plug: nothing is known of how the guest left them. */
export function checkConsistency({ consistency }: CaptureRequest): readonly Finding[] {
  if (!consistencySatisfies('crash', consistency.accept)) {
    throw new SendenseError(
      'QUIESCE_FAILED',
      `an image file gives crash consistency, not ${consistency.accept}`,
      {
        operation: 'capture-image',
        remedy:
          'accept crash consistency, or back the machine up while it runs through the qemu or libvirt source',
      },
    );
  }
  if (consistency.want === 'crash') return [];
  return [
    {
      severity: 'warning',
      code: 'consistency-weakened',
      message: `${consistency.want} consistency was wanted; an image file gives crash consistency`,
    },
  ];
}

/** What the user should know of the images themselves. */
export function diskFindings(disks: readonly DecidedDisk[]): readonly Finding[] {
  return disks.flatMap(({ id, path, image, use, refusal, choice }) => {
    const of = (severity: Finding['severity'], code: string, message: string): Finding => {
      return { severity, code, message: `${basename(path)}: ${message}`, disk: id, object: path };
    };
    return [
      ...image.info.warnings.map(({ severity, code, message }) => of(severity, code, message)),
      ...(refusal === undefined ? [] : [of('info', 'no-change-tracking', refusal)]),
      ...(use === undefined
        ? [of('info', 'image-use-unknown', 'whether a program has it open cannot be told here')]
        : []),
      ...(choice.changes.kind === 'full' && choice.changes.reason === 'tracking-inconsistent'
        ? [of('warning', 'bitmap-inconsistent', 'the last program that wrote to it ended without closing it')]
        : []),
    ];
  });
}

/** The dry run: what a capture would do with each disk. */
export function planOf(
  disks: readonly DecidedDisk[],
  skipped: readonly SkippedDisk[],
  findings: readonly Finding[],
): CapturePlan {
  const plans = disks.map(({ id, image, choice }): DiskPlan => {
    const { changes, changedBytes, readBytes } = choice;
    const full = changes.kind === 'full';
    return {
      id,
      sizeBytes: image.sizeBytes,
      kind: changes.kind,
      reason: full ? changes.reason : null,
      detail: full ? changes.detail : `since instant ${changes.since}`,
      changedBytes,
      readBytes,
    };
  });
  return { disks: plans, skipped, lanes: [], findings };
}
