import { expect, test } from 'vitest';
import { parseArguments } from './arguments.ts';
import { ROW_NAMES } from './rows/row-names.ts';

test('without arguments every row is measured at 4 GiB, seven pairs, on disk and in memory, with both data sets', () => {
  expect(parseArguments([])).toMatchObject({
    json: false,
    only: ROW_NAMES,
    sizeBytes: 4 * 2 ** 30,
    pairs: 7,
    destinations: ['disk', 'memory'],
    data: ['rnd', 'mix'],
    record: false,
  });
});

test('rows, size, pairs, destination and data can be chosen', () => {
  const args = ['--json', '--only', 'backup-nbd', '--only', 'memory-1g', '--size', '512M', '--pairs', '3'];
  expect(parseArguments([...args, '--destination', 'memory', '--data', 'mix'])).toMatchObject({
    json: true,
    only: ['backup-nbd', 'memory-1g'],
    sizeBytes: 512 * 2 ** 20,
    pairs: 3,
    destinations: ['memory'],
    data: ['mix'],
  });
  expect(parseArguments(['--only', 'none', '--curves'])).toMatchObject({ only: [], curves: true });
});

test.each([
  [['--only', 'backup-ndb'], 'backup-ndb'],
  [['--size', '3M'], '--size'],
  [['--size', '512'], '--size'],
  [['--pairs', '0'], '--pairs'],
  [['--destination', 'tape'], 'tape'],
  [['--fast'], '--fast'],
])('%j is refused', (args, named) => {
  expect(() => parseArguments(args)).toThrow(named);
});
