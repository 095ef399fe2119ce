import { expect, test } from 'vitest';
import { functionSizes, median, sizeViolations } from './size.ts';
import { parseSource } from './source-file.ts';

const lines = (count: number) => Array.from({ length: count }, (_, index) => `  line${index};`).join('\n');
const parse = (text: string, file = 'tools/x.ts') => parseSource(file, text);

test('a function counts from its first to its last line, without its comment', () => {
  const source = parse(`/** Says so. */\nfunction a() {\n${lines(3)}\n}\n`);
  expect(functionSizes(source)).toEqual([{ name: 'a', line: 2, lines: 5 }]);
});

test('a function of 60 lines passes, one of 61 does not', () => {
  expect(sizeViolations([parse(`function a() {\n${lines(58)}\n}\n`)])).toEqual([]);
  expect(sizeViolations([parse(`const a = () => {\n${lines(59)}\n};\n`)])).toEqual([
    'tools/x.ts:1 function (anonymous) has 61 lines, more than 60',
  ]);
});

test('a file of 400 lines passes, one of 401 does not', () => {
  expect(sizeViolations([parse(`${lines(400)}\n`)])).toEqual([]);
  expect(sizeViolations([parse(`${lines(401)}\n`)])).toEqual(['tools/x.ts has 401 lines, more than 400']);
});

test('the callback of describe may be long, the tests in it may not', () => {
  expect(sizeViolations([parse(`describe('x', () => {\n${lines(90)}\n});\n`)])).toEqual([]);
  expect(
    sizeViolations([parse(`describe('x', () => {\n  test('y', () => {\n${lines(90)}\n  });\n});\n`)]),
  ).toHaveLength(1);
});

test('medians are taken over the sources of packages only', () => {
  expect(sizeViolations([parse(lines(91), 'packages/core/src/a.ts')])).toEqual([
    'the median file has 91 lines, more than 90',
  ]);
  expect(sizeViolations([parse(lines(91), 'packages/core/src/a.test.ts')])).toEqual([]);
  expect(median([5, 1, 3])).toBe(3);
  expect(median([])).toBe(0);
});
