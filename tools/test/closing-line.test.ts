import { expect, test } from 'vitest';
import { closingLine } from './closing-line.ts';
import { addTallies } from './tally.ts';

test('the closing line leaves out skipped tests when there are none', () => {
  expect(closingLine({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed');
});

test('the closing line covers several runs', () => {
  const sum = addTallies([
    { passed: 3, failed: 0, skipped: 1 },
    { passed: 4, failed: 2, skipped: 1 },
  ]);
  expect(closingLine(sum)).toBe('7 passed, 2 failed, 2 skipped');
});
