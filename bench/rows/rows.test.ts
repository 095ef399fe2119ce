import { readPeers } from '@sendense/tests/peer-list';
import { expect, test } from 'vitest';
import { ROWS } from './index.ts';
import { ROW_NAMES } from './row-names.ts';

test('every row of the table is measured, in its order', () => {
  expect(ROWS.map(({ name }) => name)).toEqual(ROW_NAMES);
});

test('rows need peers that the list knows', () => {
  const known = readPeers().map(({ name }) => name);
  expect(known).toEqual(expect.arrayContaining(ROWS.flatMap(({ peers }) => peers)));
});
