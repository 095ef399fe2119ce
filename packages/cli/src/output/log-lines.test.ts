import { expect, it } from 'vitest';
import { createLogLines, type LogOptions } from './log-lines.ts';

function linesOf(options: Partial<LogOptions>): string[] {
  const lines: string[] = [];
  const now = () => new Date('2026-10-04T12:00:00.000Z');
  const log = createLogLines((line) => lines.push(line), { level: 'warn', json: false, now, ...options });
  log({ level: 'info', message: 'small', fields: {} });
  log({ level: 'warn', message: 'big', fields: { disk: 'disk-0' } });
  return lines;
}

it('writes records of the level and above', () => {
  expect(linesOf({})).toEqual(['warn: big disk="disk-0"']);
  expect(linesOf({ level: 'debug' })).toHaveLength(2);
  expect(linesOf({ level: 'silent' })).toEqual([]);
});

it('writes JSON lines whose own fields cannot be overwritten', () => {
  expect(linesOf({ json: true }).map((line) => JSON.parse(line))).toEqual([
    { disk: 'disk-0', time: '2026-10-04T12:00:00.000Z', level: 'warn', message: 'big' },
  ]);
});
