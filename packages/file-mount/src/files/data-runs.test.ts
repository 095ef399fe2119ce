import { expect, it } from 'vitest';
import { dataRuns } from './data-runs.ts';

const BLOCK = 4096;

it('Blocks of zeros alone are left out, all others are given whole', () => {
  const bytes = new Uint8Array(5 * BLOCK + 10);
  bytes[BLOCK + 7] = 1;
  bytes[2 * BLOCK] = 2;
  bytes[5 * BLOCK + 9] = 3;
  expect(dataRuns(bytes).map((run) => [run.offset, run.bytes.byteLength])).toEqual([
    [BLOCK, 2 * BLOCK],
    [5 * BLOCK, 10],
  ]);
});

it('Zeros alone have no data', () => {
  expect(dataRuns(new Uint8Array(BLOCK + 1))).toEqual([]);
});
