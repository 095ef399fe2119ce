import type { Progress } from '@sendense/core';
import type { DiskProgress, ProgressView } from './progress-events.ts';

/** Shows the progress of one call that counts bytes; the rate is its average. */
export function showCallProgress(
  view: ProgressView,
  what: string,
  nowMs: () => number,
  work: DiskProgress['work'] = 'verify',
): (progress: Progress) => void {
  const begunMs = nowMs();
  return ({ done, total, unit }) => {
    if (unit !== 'bytes') return;
    const bytesPerSecond = (done * 1000) / Math.max(1, nowMs() - begunMs);
    const known = total !== null && total > 0;
    view.update({
      jobId: what,
      disk: what,
      work,
      doneBytes: done,
      totalBytes: total ?? done,
      percent: known ? Math.min(100, (done / total) * 100) : 0,
      bytesPerSecond,
      etaSeconds: known && bytesPerSecond > 0 ? Math.max(0, total - done) / bytesPerSecond : null,
    });
  };
}
