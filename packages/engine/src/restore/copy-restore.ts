import {
  type BlockWriter,
  copyBlocks,
  type DiskView,
  type RestoreWriter,
  SendenseError,
} from '@sendense/core';
import { trackExtents } from '../events/track-extents.ts';
import { runParallel } from '../jobs/run-parallel.ts';
import type { RestoreProgress } from './restore-progress.ts';
import type { RestoreRunContext } from './restore-run.ts';

/** Disks at once unless the request says otherwise. */
const PARALLEL_DISKS = 4;

/** How many disks go at once: what was asked for, and never more than the target takes. */
export function restoreConcurrency(run: RestoreRunContext): number {
  return Math.min(run.options.parallelDisks ?? PARALLEL_DISKS, run.target.capabilities.parallelDisks);
}

/** The writer of a disk. Rejects with `PROTOCOL_VIOLATION` when the target gave none. */
export function writerOf(writer: RestoreWriter, view: DiskView): BlockWriter {
  const disk = writer.disks.get(view.id);
  if (disk !== undefined) return disk;
  throw new SendenseError('PROTOCOL_VIOLATION', `the target gave no writer for disk ${view.id}`, {
    operation: 'copy-restore',
  });
}

/** Copies all disks, several at once; what an earlier attempt made durable is left out. Returns the bytes written. */
export async function copyRestore(
  run: RestoreRunContext,
  views: readonly DiskView[],
  writer: RestoreWriter,
  progress: RestoreProgress,
): Promise<number> {
  const options = { concurrency: restoreConcurrency(run), signal: run.job.signal };
  const written = await runParallel(views, options, (view, signal) =>
    copyRestoreDisk(run, view, writerOf(writer, view), progress, signal),
  );
  return written.reduce((sum, bytes) => sum + bytes, 0);
}

async function copyRestoreDisk(
  run: RestoreRunContext,
  view: DiskView,
  to: BlockWriter,
  progress: RestoreProgress,
  signal: AbortSignal,
): Promise<number> {
  const { job, context, options } = run;
  const { id, sizeBytes, reader } = view;
  const startedMs = job.clock.monotonicMs();
  job.emit('disk-start', { disk: id, work: 'copy', sizeBytes });
  const report = progress.disk(id, 'copy', sizeBytes);
  let bytesRead = 0;
  let bytesWritten = 0;
  if (sizeBytes > 0) {
    const tracker = trackExtents(reader.extents({ offset: 0, length: sizeBytes }, { signal }), {
      leaveOutZeros: to.untouched === 'zero',
    });
    const driver = context.services.drivers[0];
    const result = await copyBlocks(
      {
        from: reader,
        to,
        extents: tracker.extents,
        pace: job.pace,
        clock: job.clock,
        ...(driver && { driver }),
        ...(options.windowBytes !== undefined && { windowBytes: options.windowBytes }),
      },
      {
        signal,
        onProgress: ({ done }) => report({ doneBytes: done + tracker.skippedBytes, movedBytes: done }),
      },
    );
    ({ bytesRead, bytesWritten } = result);
  }
  await zeroTail(to, sizeBytes, signal);
  report({ doneBytes: sizeBytes, movedBytes: bytesRead });
  const durationMs = job.clock.monotonicMs() - startedMs;
  job.emit('disk-end', { disk: id, work: 'copy', bytesRead, bytesWritten, durationMs });
  return bytesWritten;
}

/** A target rounds sizes up; what lies behind the disk must not show what was there before. */
async function zeroTail(to: BlockWriter, sizeBytes: number, signal: AbortSignal): Promise<void> {
  const { alignmentBytes } = to.limits;
  const start = Math.ceil(sizeBytes / alignmentBytes) * alignmentBytes;
  if (to.untouched === 'zero' || start >= to.sizeBytes) return;
  await to.zero(start, to.sizeBytes - start, { signal });
}
