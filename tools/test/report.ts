import type { Skip, SuiteResult } from './suite-results.ts';
import { addTallies, type Tally } from './tally.ts';

/** What a whole test run came to. */
export interface Outcome {
  readonly tally: Tally;
  /** Failures that are not tests: absent peers in CI, skips without a reason, a run that broke. */
  readonly problems: readonly string[];
}

/**
 * Adds up all suites and all problems; each problem counts as one failure.
 *
 * @param exitCode - of the vitest runs. One that failed without any failed test is a failure too, for example
 *   because coverage stayed below its threshold.
 */
export function outcomeOf(
  suites: readonly SuiteResult[],
  problems: readonly string[],
  exitCode: number,
): Outcome {
  const tests = addTallies(suites.map((suite) => suite.tally));
  const broke =
    exitCode !== 0 && tests.failed === 0 ? [`vitest ended with exit code ${exitCode}; see above`] : [];
  const all = [...problems, ...broke];
  return { tally: { ...tests, failed: tests.failed + all.length }, problems: all };
}

/** The lines that list skipped tests under their reasons. */
export function skipLines(skips: readonly Skip[]): string[] {
  const byReason = Map.groupBy(skips, (skip) => skip.reason ?? 'no reason given');
  return [...byReason].flatMap(([reason, tests]) => {
    const names = [...new Set(tests.map((skip) => skip.test))];
    return [`  ${reason}`, ...names.map((name) => `    ${name}`)];
  });
}

/** Tests that were left out although nothing says why: a failure in CI. */
export function unexplainedSkips(skips: readonly Skip[]): string[] {
  return skips
    .filter((skip) => skip.reason === undefined)
    .map((skip) => `skipped without a reason: ${skip.test}`);
}
