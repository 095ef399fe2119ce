import { appendFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';
import { closingLine } from './test/closing-line.ts';
import { SuiteClock } from './test/suite-clock.ts';
import { suiteResults } from './test/suite-results.ts';
import { addTallies } from './test/tally.ts';

/**
 * Ends a plain `vitest run` with the closing line `N passed, N failed[, N skipped]`. Under `npm test`, which sums
 * several runs, it instead appends its results as one line of JSON to the file named by `SENDENSE_TEST_RESULTS`.
 */
export default class ClosingLineReporter implements Reporter {
  readonly #clock = new SuiteClock(Date.now);

  onTestModuleQueued(module: TestModule): void {
    this.#clock.touch(module.project.name);
  }

  onTestModuleEnd(module: TestModule): void {
    this.#clock.touch(module.project.name);
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const suites = suiteResults(modules, unhandled.length, this.#clock);
    const resultsFile = process.env.SENDENSE_TEST_RESULTS;
    if (resultsFile !== undefined) {
      appendFileSync(resultsFile, `${JSON.stringify(suites)}\n`);
      return;
    }
    const line = closingLine(addTallies(suites.map((suite) => suite.tally)));
    // After every other reporter and the coverage table.
    process.once('exit', () => process.stdout.write(`${line}\n`));
  }
}
