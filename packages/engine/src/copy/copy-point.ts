import {
  type DiskId,
  type DraftDisk,
  fullReasonText,
  type PointDraft,
  type PointId,
  type PointWriter,
  type RecoveryPoint,
} from '@sendense/core';
import { beginPoint } from '../backup/begin-point.ts';
import { commitPoint } from '../backup/commit-point.ts';
import { copyDisks, type DiskCopyPlan } from '../backup/copy-disks.ts';
import { storeArtifacts } from '../backup/store-artifacts.ts';
import { disposeQuietly } from '../jobs/dispose-quietly.ts';
import { throwIfAborted } from '../jobs/to-sendense-error.ts';
import { chooseBases } from './choose-bases.ts';
import { openCopyNote } from './copy-notes.ts';
import { type CopyProgress, type CopyRun, expectedBytes } from './copy-run.ts';
import { keepHold } from './keep-hold.ts';
import { openOriginal, plansOf } from './open-original.ts';
import { type CopyToVerify, verifyCopy } from './verify-copy.ts';

/** A point that was copied. */
export type CopiedPoint = { readonly point: RecoveryPoint; readonly bytesRead: number };

type Plans = ReadonlyMap<DiskId, DiskCopyPlan>;
type Bases = ReadonlyMap<DiskId, PointId | null>;

/** Copies one point with its increments, states, artifacts and findings, commits it, and reads it back. */
export async function copyPoint(
  run: CopyRun,
  point: RecoveryPoint,
  progress: CopyProgress,
): Promise<CopiedPoint> {
  const { job, request } = run;
  const bases = chooseBases(run, point);
  const original = await openOriginal(run, point, bases);
  try {
    const note = await openCopyNote(run, point.id);
    const begun = await beginOrFull(run, point, bases, plansOf(run, point, original, bases));
    const copied = await copyInto(run, { point, original, note }, begun, progress);
    progress.done(expectedBytes(point));
    if (request.verify !== false) {
      await job.step('verify', () =>
        verifyCopy(run, { point, original, plans: begun.plans, note }, progress),
      );
      progress.done(expectedBytes(point));
    }
    return copied;
  } finally {
    await disposeQuietly(job, 'point', original);
  }
}

type Begun = { readonly writer: PointWriter; readonly plans: Plans };

/** Begins the copy; where the destination cannot build on the bases after all, once more with fulls. */
async function beginOrFull(run: CopyRun, point: RecoveryPoint, bases: Bases, plans: Plans): Promise<Begun> {
  const destination = { ...run, repository: run.request.to };
  const first = await beginPoint(destination, draftOf(point, bases, plans));
  if (!('reason' in first)) {
    reportFulls(run, point, plans);
    return { writer: first, plans };
  }
  const fulls: Plans = new Map(point.disks.map(({ id }) => [id, { kind: 'full', ...first }]));
  const second = await beginPoint(destination, draftOf(point, new Map(), fulls));
  if ('reason' in second) throw new TypeError('a point without bases cannot be refused for one');
  reportFulls(run, point, fulls);
  return { writer: second, plans: fulls };
}

async function copyInto(
  run: CopyRun,
  { point, original, note }: Omit<CopyToVerify, 'plans'>,
  { writer, plans }: Begun,
  progress: CopyProgress,
): Promise<CopiedPoint> {
  const { job, request, context } = run;
  const type = point.kind === 'differential' ? point.kind : 'auto';
  try {
    const copies = await job.step('copy', async () => {
      const disksRun = { context, job, request, type, progress: progress.part() } as const;
      const copied = await copyDisks(disksRun, original.views, plans, writer);
      await storeArtifacts({ job, request, repository: request.to }, original.artifacts, writer);
      return copied;
    });
    throwIfAborted(job.signal, 'commit-point');
    // before the commit: a process that ends right after it leaves this to the next one
    await note.write({ schema: 1, from: request.from.id, isUnpinned: point.held, isCorrupt: false });
    const made = await job.step('commit', () => commitPoint(run, writer, point.states));
    run.held.points.set(made.id, made);
    await keepHold(run, point, note);
    const bytesRead = [...copies.values()].reduce((sum, copy) => sum + copy.bytesRead, 0);
    return { point: made, bytesRead };
  } finally {
    await disposeQuietly(job, 'point', writer);
  }
}

/** The same point, on the bases that the destination has. */
function draftOf(point: RecoveryPoint, bases: Bases, plans: Plans): PointDraft {
  const { id, instant, at, machine, stream, sequence, spec, consistency, skipped, findings, note } = point;
  const disks = point.disks.map((disk): DraftDisk => {
    const plan = plans.get(disk.id);
    return {
      id: disk.id,
      slot: disk.slot,
      sizeBytes: disk.sizeBytes,
      sectorBytes: disk.sectorBytes,
      base: plan?.kind === 'delta' ? (bases.get(disk.id) ?? null) : null,
      reason: plan?.kind === 'full' ? plan.reason : null,
    };
  });
  return {
    id,
    instant,
    at,
    machine,
    stream,
    sequence,
    kind: disks.every(({ base }) => base === null) ? 'full' : point.kind,
    spec,
    consistency,
    disks,
    skipped,
    findings,
    ...(note !== null && { note }),
  };
}

/** Nothing silent: an increment that becomes a full is told. */
function reportFulls({ job }: CopyRun, point: RecoveryPoint, plans: Plans): void {
  for (const { id, base } of point.disks) {
    const plan = plans.get(id);
    if (base === null || plan?.kind !== 'full') continue;
    const detail = plan.detail === '' ? '' : ` (${plan.detail})`;
    job.report({
      severity: 'warning',
      code: 'full-instead-of-incremental',
      message: `a full of this disk is copied: ${fullReasonText(plan.reason)}${detail}`,
      disk: id,
      point: point.id,
    });
  }
}
