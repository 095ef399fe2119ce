import { readPeers } from '@sendense/tests/peer-list';
import { expect, test } from 'vitest';
import { ROWS } from './index.ts';
import { absenceOf } from './not-yet.ts';
import { ROW_NAMES } from './row-names.ts';

test('every row of the table is measured, or says what it waits for', () => {
  const measured = ROWS.map(({ name }) => name);
  expect(ROW_NAMES).toEqual(expect.arrayContaining(measured));
  for (const name of ROW_NAMES.filter((one) => !measured.includes(one)))
    expect(absenceOf(name)).toMatch(/yet$/);
  for (const name of measured) expect(() => absenceOf(name)).toThrow(name);
});

test('rows need peers that the list knows', () => {
  const known = readPeers().map(({ name }) => name);
  expect(known).toEqual(expect.arrayContaining(ROWS.flatMap(({ peers }) => peers)));
});
