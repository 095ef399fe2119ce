import { expect, test } from 'vitest';
import { notMeasured, resultOf, timedResult } from './compare.ts';

const run = (seconds: number) => ({
  seconds,
  cpuSeconds: seconds,
  stdout: '',
  peakBytes: seconds * 1000,
});

test('the median of the ratios of pairs is held against the bar', () => {
  const variant = { destination: 'disk', data: 'rnd' } as const;
  const theirs = [run(10), run(10), run(10)];
  const fast = timedResult('backup-nbd', variant, { ours: [run(8), run(9), run(20)], theirs });
  expect(fast).toMatchObject({ ours: 9, theirs: 10, ratio: 0.9, interval: [0.8, 2], bar: 0.9, met: true });
  const slow = timedResult('backup-nbd', variant, { ours: [run(8), run(9.1), run(20)], theirs });
  expect(slow).toMatchObject({ ratio: 9.1 / 10, met: false, ourPeakBytes: 20_000, theirPeakBytes: 10_000 });
});

test('an absolute row is judged by its own value', () => {
  expect(resultOf('loop-delay', {}, { unit: 'ms', ours: [21, 22, 19] })).toMatchObject({
    ours: 21,
    theirs: null,
    ratio: null,
    bar: 10,
    met: false,
  });
});

test('without a bar nothing is met or missed', () => {
  expect(resultOf('restore-chain', { destination: 'memory' }, { unit: 's', ours: [1] }).met).toBeNull();
});

test('what was not measured keeps its bar and says why', () => {
  expect(notMeasured('libvirt-full', 'virtnbdbackup is absent', { destination: 'disk' })).toEqual({
    name: 'libvirt-full',
    ours: null,
    theirs: null,
    ratio: null,
    interval: null,
    bar: 0.3,
    met: null,
    reason: 'virtnbdbackup is absent',
    destination: 'disk',
  });
});
