import { SKIP_MARK } from '@sendense/tests/peer-list';
import type { TestCase, TestModule } from 'vitest/node';
import type { SuiteClock } from './suite-clock.ts';
import type { Tally } from './tally.ts';

/** What one suite (vitest project) did in one run. */
export interface SuiteResult {
  readonly suite: string;
  readonly tally: Tally;
  /** From the queueing of its first file to the end of its last one. */
  readonly durationMs: number;
  readonly skips: readonly Skip[];
  /** A line for each failure: the file, the test and the first line of its error. */
  readonly failures: readonly string[];
}

/** A test that did not run. */
export interface Skip {
  readonly test: string;
  /** Undefined when the test gives none. */
  readonly reason?: string;
}

/** The part of a vitest module that is read here. */
export type ReportedModule = Pick<TestModule, 'project' | 'children' | 'errors' | 'ok' | 'relativeModuleId'>;

/** Sums the modules of a finished vitest run by suite; errors outside of any module count as failures of `run`. */
export function suiteResults(
  modules: readonly ReportedModule[],
  errorsOutsideModules: number,
  clock: Pick<SuiteClock, 'elapsedMs'>,
): SuiteResult[] {
  const bySuite = Map.groupBy(modules, (module) => module.project.name);
  const results = [...bySuite].map(([suite, ofSuite]) => ({
    suite,
    tally: tallyOf(ofSuite),
    durationMs: clock.elapsedMs(suite),
    skips: ofSuite.flatMap(skipsOf),
    failures: ofSuite.flatMap(failuresOf),
  }));
  if (errorsOutsideModules === 0) return results;
  const tally = { passed: 0, failed: errorsOutsideModules, skipped: 0 };
  return [...results, { suite: 'run', tally, durationMs: 0, skips: [], failures: [] }];
}

function tallyOf(modules: readonly ReportedModule[]): Tally {
  const tally = { passed: 0, failed: 0, skipped: 0 };
  for (const module of modules) {
    const failedBefore = tally.failed;
    // A module or a hook that throws takes its tests with it: they are reported as skipped, so count the error.
    tally.failed += module.errors().length;
    for (const suite of module.children.allSuites()) tally.failed += suite.errors().length;
    for (const test of module.children.allTests()) tally[outcome(test)]++;
    if (!module.ok() && tally.failed === failedBefore) tally.failed++;
  }
  return tally;
}

/** A test still pending at the end of the run was lost with its process. */
function outcome(test: TestCase): keyof Tally {
  const { state } = test.result();
  return state === 'pending' ? 'failed' : state;
}

/** A line for each failure of a module: the file, the test and the first line of its error. */
export function failuresOf(module: ReportedModule): string[] {
  const lineOf = (where: string, errors: readonly { readonly message: string }[] = []) =>
    `${module.relativeModuleId}${where}: ${errors[0]?.message.split('\n')[0] ?? 'no error is known'}`;
  const shells = [module, ...module.children.allSuites()].filter((shell) => shell.errors().length > 0);
  const tests = [...module.children.allTests()].filter((test) => outcome(test) === 'failed');
  return [
    ...shells.map((shell) => lineOf('', shell.errors())),
    ...tests.map((test) => lineOf(` > ${test.fullName}`, test.result().errors)),
  ];
}

function skipsOf(module: ReportedModule): Skip[] {
  const hookFailed =
    module.errors().length > 0 || [...module.children.allSuites()].some((s) => s.errors().length > 0);
  return [...module.children.allTests('skipped')].map((test) => skipOf(test, hookFailed));
}

function skipOf(test: TestCase, hookFailed: boolean): Skip {
  const result = test.result();
  if (result.state === 'skipped' && result.note !== undefined)
    return { test: test.fullName, reason: result.note };
  const [title = '', reason] = test.fullName.split(SKIP_MARK);
  // Only suites are marked, so the test's own name follows the reason: " > name".
  if (reason !== undefined) return { test: title, reason: reason.split(' > ')[0] ?? reason };
  // A test that was to run and did not lost its suite's hook; one that was switched off should have said why.
  const lost = hookFailed && test.options.mode === 'run';
  return lost ? { test: title, reason: 'its suite failed before it' } : { test: title };
}
