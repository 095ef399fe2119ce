import { expect, it } from 'vitest';
import { showCallProgress } from './call-progress.ts';
import type { DiskProgress } from './progress-events.ts';

it('turns counted bytes into percent, rate and time left', () => {
  const shown: DiskProgress[] = [];
  let nowMs = 1000;
  const show = showCallProgress({ update: (p) => shown.push(p), end: () => undefined }, 'all', () => nowMs);
  nowMs = 3000;
  show({ done: 3, total: 10, unit: 'items' });
  show({ done: 50, total: 200, unit: 'bytes' });
  show({ done: 60, total: null, unit: 'bytes' });
  expect(shown).toMatchObject([
    { doneBytes: 50, totalBytes: 200, percent: 25, bytesPerSecond: 25, etaSeconds: 6 },
    { doneBytes: 60, totalBytes: 60, percent: 0, etaSeconds: null },
  ]);
});
