import { MultiBar, type SingleBar } from 'cli-progress';
import { formatBytes, formatDuration, formatRate } from './human-size.ts';
import { type DiskProgress, type ProgressView, workName } from './progress-events.ts';

const FORMAT = '{name} [{bar}] {percentage}% {amount} {rate} {left}';

function values(progress: DiskProgress): Record<string, string> {
  const { doneBytes, totalBytes, bytesPerSecond, etaSeconds } = progress;
  return {
    name: workName(progress).padEnd(31),
    amount: `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`,
    rate: formatRate(bytesPerSecond),
    left: etaSeconds === null ? '' : `${formatDuration(etaSeconds * 1000)} left`,
  };
}

/** Bars on a terminal, one for each disk under way. */
export function createProgressBars(stream: NodeJS.WritableStream): ProgressView {
  const bars = new MultiBar({ format: FORMAT, stream, hideCursor: true, barsize: 24, gracefulExit: false });
  const byDisk = new Map<string, SingleBar>();
  return {
    update(progress) {
      const key = `${progress.jobId} ${progress.work} ${progress.disk}`;
      const bar = byDisk.get(key) ?? bars.create(100, 0, values(progress));
      byDisk.set(key, bar);
      bar.update(Math.floor(progress.percent), values(progress));
    },
    end: () => bars.stop(),
  };
}
