import { createTestClock } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import type { WorkProgress } from './engine-events.ts';
import { createProgressMeter } from './progress-meter.ts';

function start(totalBytes: number) {
  const clock = createTestClock();
  const reports: WorkProgress[] = [];
  const meter = createProgressMeter(clock, totalBytes, (progress) => reports.push(progress));
  const after = (ms: number, doneBytes: number, movedBytes = doneBytes): void => {
    clock.advance(ms);
    meter.update({ doneBytes, movedBytes });
  };
  return { meter, reports, after };
}

describe('progress', () => {
  it('tells the rate of the last seconds and the time left', () => {
    const { reports, after } = start(1000);
    after(1000, 100);
    expect(reports).toMatchObject([{ percent: 10, bytesPerSecond: 100, etaSeconds: 9 }]);
    for (let second = 2; second <= 30; second++) after(1000, 100 + (second - 1) * 10);
    expect(reports.at(-1)?.bytesPerSecond).toBeCloseTo(10);
  });

  it('counts what was skipped as work, and not as speed', () => {
    const { reports, after } = start(1000);
    after(1000, 500, 50);
    expect(reports).toMatchObject([{ percent: 50, bytesPerSecond: 50, etaSeconds: 1 }]);
  });

  it('counts what an earlier attempt did as done, and not as speed or for the time left', () => {
    const { meter, reports, after } = start(1000);
    meter.skip(500);
    expect(meter.now()).toMatchObject({ doneBytes: 500, percent: 50 });
    after(1000, 600, 100);
    expect(reports).toMatchObject([{ percent: 60, bytesPerSecond: 100, etaSeconds: 4 }]);
  });

  it('reports at most five times a second, and the end once', () => {
    const { reports, after } = start(1000);
    for (let step = 1; step <= 99; step++) after(10, step * 10);
    expect(reports.length).toBeLessThanOrEqual(5);
    after(1, 1000);
    after(1, 1000);
    expect(reports.filter((report) => report.percent === 100)).toHaveLength(1);
  });

  it('never goes back and never exceeds its total', () => {
    const { meter, after } = start(1000);
    after(300, 600);
    after(300, 400);
    expect(meter.now().percent).toBe(60);
    after(300, 2000);
    expect(meter.now()).toMatchObject({ doneBytes: 1000, percent: 100, etaSeconds: 0 });
  });

  it('of nothing to do is complete', () => {
    expect(start(0).meter.now()).toMatchObject({ percent: 100, etaSeconds: null });
  });
});
