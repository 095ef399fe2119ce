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
  expect(list.findings.at(-1)?.message).toMatch(/^5000 more/u);
});
