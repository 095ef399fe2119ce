import { formatBytes, formatDuration, formatRate } from './human-size.ts';
import { type DiskProgress, type ProgressView, workName } from './progress-events.ts';

/** Time between two lines of one disk. */
const EVERY_MS = 5000;

function line(progress: DiskProgress): string {
  const { percent, doneBytes, totalBytes, bytesPerSecond, etaSeconds } = progress;
  const eta = etaSeconds === null ? '' : `, ${formatDuration(etaSeconds * 1000)} left`;
  const amount = `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
  return `${workName(progress)}: ${Math.floor(percent)} % (${amount}, ${formatRate(bytesPerSecond)}${eta})`;
}

/** Plain lines for logs and pipes: one every five seconds for each disk. */
export function createProgressLines(write: (line: string) => void, nowMs: () => number): ProgressView {
  const begunMs = nowMs();
  const writtenMs = new Map<string, number>();
  return {
    update(progress) {
      const key = `${progress.jobId} ${progress.work} ${progress.disk}`;
      const atMs = nowMs();
      if (atMs - (writtenMs.get(key) ?? begunMs) < EVERY_MS) return;
      writtenMs.set(key, atMs);
      write(line(progress));
    },
    end: () => undefined,
  };
}
