import type { SendenseError } from '@sendense/core';

/** Exit codes of the command line; 130 and 143 follow a clean abandon on SIGINT and SIGTERM. */
export const EXIT = { done: 0, failed: 1, usage: 2, damage: 3, interrupted: 130, terminated: 143 } as const;

/** The signals that abandon a command cleanly. */
export type StopSignal = 'SIGINT' | 'SIGTERM';

/** The exit code after a clean abandon on `signal`. */
export function signalExitCode(signal: StopSignal): number {
  return signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
}

/** The exit code of a command that failed; `signal` is the one that was received, if any. */
export function errorExitCode(error: SendenseError, signal: StopSignal | undefined): number {
  if (error.code === 'ABORTED' && signal !== undefined) return signalExitCode(signal);
  if (error.code === 'CONFIG_INVALID') return EXIT.usage;
  return error.code === 'CORRUPT' ? EXIT.damage : EXIT.failed;
}
