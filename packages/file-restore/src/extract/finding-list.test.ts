import { expect, it } from 'vitest';
import { FindingList } from './finding-list.ts';

it('Findings without end are kept up to a number, and the others are counted', () => {
  const list = new FindingList();
  for (let index = 0; index < 10_000; index += 1)
    list.add({ severity: 'info', code: 'file-left-out', message: String(index) });
  expect(list.findings).toHaveLength(10_000);
  for (let index = 0; index < 5000; index += 1)
    list.add({ severity: 'error', code: 'file-left-out', message: 'more' });
  expect(list.findings).toHaveLength(10_001);
  expect(list.findings.at(-1)).toMatchObject({ severity: 'error', code: 'findings-left-out' });
  expect(list.findings.at(-1)?.message).toBe('5000 more findings are not kept');
});

it.each([
  [['info', 'info'], 'info'],
  [['info', 'warning', 'info'], 'warning'],
  [['warning', 'error', 'info'], 'error'],
] as const)('Others of the severities %j are told as %s', (severities, worst) => {
  const list = new FindingList();
  for (let index = 0; index < 10_000; index += 1)
    list.add({ severity: 'error', code: 'file-left-out', message: String(index) });
  for (const severity of severities) list.add({ severity, code: 'name-changed', message: 'more' });
  expect(list.findings.at(-1)).toMatchObject({ severity: worst, code: 'findings-left-out' });
});

it('Of findings with long paths fewer are kept, and the first of them', () => {
  const list = new FindingList();
  const path = 'p'.repeat(30_000);
  for (let index = 0; index < 1000; index += 1)
    list.add({ severity: 'info', code: 'file-left-out', message: `${index} ${path}`, object: path });
  list.add({ severity: 'info', code: 'file-left-out', message: 'short' });
  const { findings } = list;
  expect(findings.length).toBeGreaterThan(50);
  expect(JSON.stringify(findings).length).toBeLessThan(5 * 2 ** 20);
  expect(findings.slice(0, -1).map(({ message }) => Number(message.split(' ')[0]))).toEqual(
    Array.from({ length: findings.length - 1 }, (_, index) => index),
  );
  expect(findings.at(-1)?.message).toBe(`${1002 - findings.length} more findings are not kept`);
});
