import type { DiskView, RestoreWriter } from '@sendense/core';
import { disposeQuietly } from '../jobs/dispose-quietly.ts';
import { runParallel } from '../jobs/run-parallel.ts';
import { restoreConcurrency } from './copy-restore.ts';
import type { RestoreProgress } from './restore-progress.ts';
import type { RestoreRunContext } from './restore-run.ts';
import { verifyDisk } from './verify-disk.ts';

/** Reads every flushed disk back and compares it with the point. `false` where the target cannot be read back. */
export async function verifyRestore(
  run: RestoreRunContext,
  views: readonly DiskView[],
  writer: RestoreWriter,
  progress: RestoreProgress,
): Promise<boolean> {
  const { job, options } = run;
  const readBack = writer.readBack?.bind(writer);
  if (readBack === undefined) {
    const message = 'the target cannot be read back: the restore is not verified';
    job.report({ severity: 'warning', code: 'verify-unavailable', message });
    return false;
  }
  const parallel = { concurrency: restoreConcurrency(run), signal: job.signal };
  await runParallel(views, parallel, async (view, signal) => {
    const startedMs = job.clock.monotonicMs();
    job.emit('disk-start', { disk: view.id, work: 'verify', sizeBytes: view.sizeBytes });
    const report = progress.disk(view.id, 'verify', view.sizeBytes);
    const actual = await readBack(view.id, { signal });
    try {
      const bytesRead = await verifyDisk(
        {
          disk: view.id,
          expected: view.reader,
          actual,
          pace: job.pace,
          onProgress: report,
          ...(options.windowBytes !== undefined && { windowBytes: options.windowBytes }),
        },
        { signal },
      );
      report({ doneBytes: view.sizeBytes, movedBytes: bytesRead });
      const durationMs = job.clock.monotonicMs() - startedMs;
      job.emit('disk-end', { disk: view.id, work: 'verify', bytesRead, bytesWritten: 0, durationMs });
    } finally {
      await disposeQuietly(job, 'read-back', actual);
    }
  });
  return true;
}
