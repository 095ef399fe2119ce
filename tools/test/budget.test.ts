import { expect, test } from 'vitest';
import { budgetTable, readBudget } from './budget.ts';

const budget = { totalSeconds: 10, suites: { unit: 2, int: 5 } };

test('the table sets each suite and the total against the budget', () => {
  expect(budgetTable(budget, new Map([['unit', 1500]]), 3000)).toEqual([
    'suite          took    budget',
    'unit          1.5 s       2 s',
    'total         3.0 s      10 s',
  ]);
});

test('a suite above its budget is marked', () => {
  const [, unit, total] = budgetTable(budget, new Map([['unit', 2001]]), 3000);
  expect(unit).toContain('OVER BUDGET');
  expect(total).not.toContain('OVER BUDGET');
});

test('a suite without a budget is shown all the same', () => {
  expect(budgetTable(budget, new Map([['new', 1000]]), 1000)[1]).toBe('new           1.0 s      none');
});

test('the budgets of the suites fit into the total', () => {
  const real = readBudget();
  const sum = Object.values(real.suites).reduce((a, b) => a + b, 0);
  expect(sum).toBeLessThanOrEqual(real.totalSeconds);
});
