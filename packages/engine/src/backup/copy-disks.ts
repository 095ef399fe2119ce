import type { BlockWriter, Call, CopyResult, DiskId, DiskView, Extent, PointWriter } from '@sendense/core';
import { copyBlocks, SendenseError } from '@sendense/core';
import { withoutSharedZeros } from '../compare/without-shared-zeros.ts';
import { createJobProgress, type JobProgress } from '../events/job-progress.ts';
import { trackExtents } from '../events/track-extents.ts';
import { runParallel } from '../jobs/run-parallel.ts';
import type { BackupRun } from './backup-run.ts';
import type { PlannedDiskCopy } from './plan-disks.ts';

/** Disks copied at once unless the request says otherwise. */
const PARALLEL_DISKS = 4;

/** What the copying of disks takes of its run. */
export type DisksRun = Pick<BackupRun, 'context' | 'job' | 'type'> & {
  readonly request: Pick<BackupRun['request'], 'parallelDisks' | 'windowBytes'>;
  /** Progress of the disks within a larger job. Default: the job is these disks. */
  readonly progress?: JobProgress;
};

/** How a disk is copied. */
export type DiskCopyPlan = Exclude<PlannedDiskCopy, { kind: 'delta' }> | { readonly kind: 'delta' };

/** What was moved of one disk. */
export type DiskCopy = { readonly bytesRead: number; readonly changedBytes: number };

/** A disk to copy, where to, and how. */
type DiskTask = {
  readonly view: DiskView;
  readonly plan: DiskCopyPlan;
  readonly writer: BlockWriter;
  readonly workBytes: number;
  /** Of the work, what an earlier attempt made durable. */
  readonly durableBytes: number;
};

/** Copies all disks of a capture, several at once, and flushes each. */
export async function copyDisks(
  run: DisksRun,
  views: readonly DiskView[],
  plans: ReadonlyMap<DiskId, DiskCopyPlan>,
  writer: PointWriter,
): Promise<ReadonlyMap<DiskId, DiskCopy>> {
  const { job, request } = run;
  const tasks: DiskTask[] = [];
  for (const view of views) {
    const plan = plans.get(view.id);
    const disk = writer.disks.get(view.id);
    if (plan === undefined || disk === undefined) throw missingWriter(view.id);
    tasks.push({ view, plan, writer: disk, ...(await workOf(view, plan, disk, { signal: job.signal })) });
  }
  const plannedBytes = tasks.reduce((sum, task) => sum + task.workBytes, 0);
  const progress = run.progress ?? createJobProgress(job, plannedBytes);
  const concurrency = request.parallelDisks ?? PARALLEL_DISKS;
  const copies = await runParallel(tasks, { concurrency, signal: job.signal }, async (task, signal) => {
    const copy = await copyDisk(run, task, progress, signal);
    return [task.view.id, copy] as const;
  });
  return new Map(copies);
}

async function copyDisk(
  run: DisksRun,
  task: DiskTask,
  progress: JobProgress,
  signal: AbortSignal,
): Promise<DiskCopy> {
  const { job, request, context } = run;
  const { view, plan, writer, workBytes, durableBytes } = task;
  const startedMs = job.clock.monotonicMs();
  const kind = plan.kind === 'full' ? 'full' : run.type === 'differential' ? 'differential' : 'incremental';
  job.emit('disk-start', {
    disk: view.id,
    work: 'copy',
    sizeBytes: view.sizeBytes,
    kind,
    reason: plan.kind === 'full' ? plan.reason : null,
  });
  const tracker = trackExtents(extentsOf(view, plan, { signal }), {
    leaveOutZeros: plan.kind === 'full' && writer.untouched === 'zero',
    durable: writer.durable?.({ signal }),
  });
  const leftOut = () => tracker.durableBytes + (plan.kind === 'delta' ? 0 : tracker.skippedBytes);
  const report = progress.disk(view.id, 'copy', workBytes, durableBytes);
  const driver = context.services.drivers[0];
  const result = await copyBlocks(
    {
      from: view.reader,
      to: writer,
      extents: tracker.extents,
      pace: job.pace,
      clock: job.clock,
      ...(driver && { driver }),
      ...(request.windowBytes !== undefined && { windowBytes: request.windowBytes }),
      ...(plan.kind === 'compare' && { unchanged: plan.comparison }),
    },
    {
      signal,
      onProgress: ({ done }) =>
        report({ doneBytes: Math.max(durableBytes, done + leftOut()), movedBytes: done }),
    },
  );
  await writer.flush({ signal });
  report({ doneBytes: workBytes, movedBytes: result.bytesRead });
  const bytesWritten = result.bytesWritten + result.bytesZeroed;
  job.emit('disk-end', {
    disk: view.id,
    work: 'copy',
    bytesRead: result.bytesRead,
    bytesWritten,
    durationMs: job.clock.monotonicMs() - startedMs,
  });
  if (plan.kind === 'compare') reportComparison(run, view.id, result);
  const reported = plan.kind === 'full' ? tracker.dataBytes : tracker.dataBytes + tracker.zeroBytes;
  return { bytesRead: result.bytesRead, changedBytes: plan.kind === 'compare' ? bytesWritten : reported };
}

function extentsOf(view: DiskView, plan: DiskCopyPlan, call: Call): AsyncIterable<Extent> {
  if (plan.kind === 'delta' && view.changes.kind === 'incremental') return view.changes.extents(call);
  const all =
    view.sizeBytes === 0 ? noExtents() : view.reader.extents({ offset: 0, length: view.sizeBytes }, call);
  return plan.kind === 'compare' ? withoutSharedZeros(all, plan.baseReader, 'zero', call) : all;
}

/**
 * Bytes of work for the progress, and how much of it an earlier attempt made durable: of the changes where they can be asked for
 * twice, else of the disk.
 */
async function workOf(
  view: DiskView,
  plan: DiskCopyPlan,
  writer: BlockWriter,
  call: Call,
): Promise<Pick<DiskTask, 'workBytes' | 'durableBytes'>> {
  const canAskTwice = view.changes.kind === 'incremental' && view.reader.limits.order !== 'ascending';
  const extents =
    plan.kind === 'delta' && canAskTwice && view.changes.kind === 'incremental'
      ? view.changes.extents(call)
      : wholeDisk(view);
  const tracker = trackExtents(extents, { durable: writer.durable?.(call) });
  for await (const _ of tracker.extents);
  return { workBytes: tracker.dataBytes + tracker.zeroBytes, durableBytes: tracker.durableBytes };
}

async function* wholeDisk({ sizeBytes }: DiskView): AsyncGenerator<Extent> {
  if (sizeBytes > 0) yield { offset: 0, length: sizeBytes, kind: 'data' };
}

function reportComparison(run: DisksRun, disk: DiskId, result: CopyResult): void {
  const changed = result.bytesWritten + result.bytesZeroed;
  run.job.report({
    severity: 'info',
    code: 'changes-found-by-digest',
    message: `changes were found by comparing digests: ${result.bytesRead} bytes read, ${changed} changed`,
    disk,
  });
}

async function* noExtents(): AsyncGenerator<Extent> {}

function missingWriter(disk: DiskId): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `the repository gave no writer for disk ${disk}`, {
    operation: 'copy-disks',
  });
}
