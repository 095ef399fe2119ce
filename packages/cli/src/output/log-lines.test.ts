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

it('leaves the failure of a job to the last line of the command, except in JSON', () => {
  const failure = { jobId: 'j', code: 'NO_SPACE', operation: 'write' };
  for (const json of [false, true]) {
    const lines: string[] = [];
    const log = createLogLines((line) => lines.push(line), { level: 'warn', json, now: () => new Date() });
    log({ level: 'error', message: 'full', fields: failure });
    log({ level: 'warn', message: 'skipped', fields: { jobId: 'j', code: 'disk-skipped' } });
    expect(lines).toHaveLength(json ? 2 : 1);
    expect(lines.at(-1)).toContain('disk-skipped');
  }
});

it('writes JSON lines whose own fields cannot be overwritten', () => {
  expect(linesOf({ json: true }).map((line) => JSON.parse(line))).toEqual([
    { disk: 'disk-0', time: '2026-10-04T12:00:00.000Z', level: 'warn', message: 'big' },
  ]);
});
