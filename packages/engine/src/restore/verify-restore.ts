import type { DiskView, RestoreWriter } from '@sendense/core';
import { disposeQuietly } from '../jobs/dispose-quietly.ts';
import { runParallel } from '../jobs/run-parallel.ts';
import { restoreConcurrency } from './copy-restore.ts';
import type { RestoreProgress } from './restore-progress.ts';
import type { RestoreRunContext } from './restore-run.ts';
import { verifyView } from './verify-view.ts';

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
    const actual = await readBack(view.id, { signal });
    try {
      const { windowBytes } = options;
      const work = {
        view,
        actual,
        workBytes: view.sizeBytes,
        ...(windowBytes !== undefined && { windowBytes }),
      };
      await verifyView(job, work, progress, { signal });
    } finally {
      await disposeQuietly(job, 'read-back', actual);
    }
  });
  return true;
}
