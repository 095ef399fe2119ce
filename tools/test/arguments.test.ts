import { expect, test } from 'vitest';
import { selectedSuites } from './arguments.ts';

const all = ['unit', 'int', 'crash'];

test('without --project every suite is selected', () => {
  expect(selectedSuites(['packages/formats'], all)).toEqual(all);
});

test('--project selects suites in both spellings', () => {
  expect(selectedSuites(['--project', 'unit', '--project=crash'], all)).toEqual(['unit', 'crash']);
});
