import type { UserConsoleLog } from 'vitest';
import { DefaultReporter, type TestModule } from 'vitest/node';

/** The reporter of CI: a line for each file that failed and the bare lines that tests print, so that a log is short. */
export default class QuietReporter extends DefaultReporter {
  constructor() {
    super({ summary: false });
  }

  protected override printTestModule(module: TestModule): void {
    if (!module.ok()) super.printTestModule(module);
  }

  override onUserConsoleLog(log: UserConsoleLog): void {
    process.stdout.write(log.content);
  }
}
