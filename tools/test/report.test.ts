import { expect, test } from 'vitest';
import { outcomeOf, skipLines, unexplainedSkips } from './report.ts';

const green = {
  suite: 'unit',
  tally: { passed: 2, failed: 0, skipped: 0 },
  durationMs: 1,
  skips: [],
  failures: [],
};

test('problems outside of tests count as failures', () => {
  expect(outcomeOf([green], ['peer absent'], 0).tally).toEqual({ passed: 2, failed: 1, skipped: 0 });
});

test('a run that fails without a failed test is a failure', () => {
  expect(outcomeOf([green], [], 1).tally.failed).toBe(1);
  expect(outcomeOf([], [], 0).tally.failed).toBe(0);
});

test('a run that fails with a failed test counts that test only', () => {
  const red = { ...green, tally: { passed: 0, failed: 1, skipped: 0 } };
  expect(outcomeOf([red], [], 1).tally.failed).toBe(1);
});

test('skipped tests are listed under their reason', () => {
  const skips = [{ test: 'a', reason: 'no qemu' }, { test: 'b' }, { test: 'c', reason: 'no qemu' }];
  expect(skipLines(skips)).toEqual(['  no qemu', '    a', '    c', '  no reason given', '    b']);
  expect(unexplainedSkips(skips)).toEqual(['skipped without a reason: b']);
});
