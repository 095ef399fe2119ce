import type { UserConsoleLog } from 'vitest';
import { DefaultReporter, type TestModule } from 'vitest/node';
import { failuresOf } from './test/suite-results.ts';

/** The reporter of CI: a line for each file that failed and the bare lines that tests print, so that a log is short. */
export default class QuietReporter extends DefaultReporter {
  constructor() {
    super({ summary: false });
  }

  protected override printTestModule(module: TestModule): void {
    if (module.ok()) return;
    super.printTestModule(module);
    // At once: a run that is cut off prints no summary.
    for (const failure of failuresOf(module)) process.stdout.write(`FAILED: ${failure}\n`);
  }

  override onUserConsoleLog(log: UserConsoleLog): void {
    process.stdout.write(log.content);
  }
}
