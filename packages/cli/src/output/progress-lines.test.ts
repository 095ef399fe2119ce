import { expect, it } from 'vitest';
import type { DiskProgress } from './progress-events.ts';
import { createProgressLines } from './progress-lines.ts';

const progress: DiskProgress = {
  jobId: 'j',
  disk: 'disk-0',
  work: 'copy',
  doneBytes: 1 << 20,
  totalBytes: 4 << 20,
  percent: 25.9,
  bytesPerSecond: 1 << 20,
  etaSeconds: 3,
};

it('writes a line for each disk at most every five seconds', () => {
  const lines: string[] = [];
  let nowMs = 0;
  const view = createProgressLines(
    (line) => lines.push(line),
    () => nowMs,
  );
  for (nowMs = 0; nowMs < 12_000; nowMs += 500) {
    view.update(progress);
    view.update({ ...progress, disk: 'disk-1', etaSeconds: null });
  }
  view.end();
  expect(lines).toHaveLength(4);
  expect(lines.slice(0, 2)).toEqual([
    'copy disk-0: 25 % (1.0 MiB of 4.0 MiB, 1.0 MiB/s, 3.0 s left)',
    'copy disk-1: 25 % (1.0 MiB of 4.0 MiB, 1.0 MiB/s)',
  ]);
});
