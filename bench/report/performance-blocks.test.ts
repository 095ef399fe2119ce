import { expect, test } from 'vitest';
import { notMeasured, resultOf } from './compare.ts';
import { performanceBlocks } from './performance-blocks.ts';
import type { Result } from './result.ts';
import { type Measurements, mergeRecords, type Records } from './store.ts';

const machine = { cpu: 'x', cores: 2, memoryBytes: 2 ** 34, kernel: '6', system: 'Debian' };
const empty: Records = { machine: null, versions: {}, results: [], curves: [], profile: null };
const at = new Date(0);
const rnd = { destination: 'disk', data: 'rnd' } as const;
const mix = { destination: 'disk', data: 'mix' } as const;
const slow = resultOf('backup-nbd', rnd, { unit: 's', ours: [2, 2, 2], theirs: [1, 1, 1] });

function merged(kept: Records, results: readonly Result[]): Records {
  const run: Measurements = { ...empty, machine, results };
  return mergeRecords(kept, run, at);
}

function block(records: Records, name: string, reasons = {}): string {
  return performanceBlocks(records, reasons).find((one) => one.name === name)?.text ?? '';
}

test('a document without records says that nothing was measured', () => {
  expect(block(empty, 'rows')).toBe('Nothing was measured yet.');
  expect(block(empty, 'curves')).toBe('Nothing was measured yet.');
});

test('a missed row stands in the table and among the missed, with its reason or the lack of one', () => {
  const records = merged(empty, [slow]);
  expect(block(records, 'rows')).toContain('| 2.000 (2.000 – 2.000) | ≤ 0.9 | **no** |');
  expect(block(records, 'missed')).toContain('not explained yet');
  expect(block(records, 'missed', { 'backup-nbd': 'a slow network' })).toContain('a slow network');
});

test('rows that wait for the same thing share a line', () => {
  const results = ['convert-raw-vhd', 'convert-vhd-raw'].map((name) => notMeasured(name, 'no such verb'));
  expect(block(merged(empty, results), 'not-measured')).toContain(
    '| `convert-raw-vhd` `convert-vhd-raw` | no such verb |',
  );
});

test('a later result replaces that of its own variant only', () => {
  const other = { ...slow, ...mix };
  const records = merged(merged(empty, [slow, other]), [{ ...slow, ratio: 0.5 }]);
  expect(records.results.map(({ data, ratio }) => [data, ratio])).toEqual([
    ['mix', 2],
    ['rnd', 0.5],
  ]);
});

test('a row that fails replaces all of its results, and is replaced by the next that succeeds', () => {
  const failed = merged(merged(empty, [slow]), [notMeasured('backup-nbd', 'failed')]);
  expect(failed.results.map(({ reason }) => reason)).toEqual(['failed']);
  expect(merged(failed, [slow]).results.map(({ reason }) => reason)).toEqual([null]);
});

test('results of another machine are not kept beside the new ones', () => {
  const kept = { ...merged(empty, [slow]), machine: { ...machine, cores: 64 } };
  expect(merged(kept, [{ ...slow, ...mix }]).results).toHaveLength(1);
});
