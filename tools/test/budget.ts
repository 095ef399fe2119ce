import { readFileSync } from 'node:fs';

/** How long the tests may take, in seconds: `tests/budget.json`. */
export interface Budget {
  readonly totalSeconds: number;
  readonly suites: Readonly<Record<string, number>>;
}

/** Reads `tests/budget.json`. */
export function readBudget(): Budget {
  return JSON.parse(readFileSync(new URL('../../tests/budget.json', import.meta.url), 'utf8')) as Budget;
}

/** The lines of a table that sets the time of each suite that ran, and of the whole, against the budget. */
export function budgetTable(budget: Budget, suites: ReadonlyMap<string, number>, totalMs: number): string[] {
  const rows = [...suites].map(([suite, durationMs]) => row(suite, durationMs, budget.suites[suite]));
  return ['suite          took    budget', ...rows, row('total', totalMs, budget.totalSeconds)];
}

function row(name: string, durationMs: number, budgetSeconds: number | undefined): string {
  const took = `${(durationMs / 1000).toFixed(1)} s`.padStart(9);
  if (budgetSeconds === undefined) return `${name.padEnd(10)}${took}      none`;
  const verdict = durationMs > budgetSeconds * 1000 ? '  OVER BUDGET' : '';
  return `${name.padEnd(10)}${took}${`${budgetSeconds} s`.padStart(10)}${verdict}`;
}
