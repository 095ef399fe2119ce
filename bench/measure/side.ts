import type { ShellPlace, ShellRun } from './run-shell.ts';
import { runShell } from './run-shell.ts';

/** One of two programs that are compared. */
export type Side = ShellPlace & {
  /** What is timed: the program, and the wait until what it wrote is on disk. */
  readonly command: string;
  /** Clears what the last run left; not timed. */
  readonly before: () => Promise<void>;
  /** Looks at what the run left; not timed. */
  readonly after?: () => Promise<void>;
};

/** Runs a side once, from a settled machine. */
export async function runSide({ command, before, after, ...place }: Side): Promise<ShellRun> {
  await before();
  await settle();
  const run = await runShell(command, place);
  await after?.();
  return run;
}

/** Waits until nothing of earlier work is left to be written. */
export async function settle(): Promise<void> {
  await runShell('sync', { cwd: '/' });
}
