import { homedir } from 'node:os';
import { createAskHidden } from './ask-hidden.ts';
import type { StopSignal } from './exit-code.ts';
import type { Host } from './host.ts';

/** What progress bars take away from a terminal and give back only at their end. */
const SHOW_CURSOR_AND_WRAP = '\u001b[?25h\u001b[?7h';

/** The {@link Host} of this process. */
export function processHost(): Host {
  // a reader that goes away (`| head`) is no failure of the command
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    workingDirectory: process.cwd(),
    homeDirectory: homedir(),
    now: () => new Date(),
    onSignal(listener) {
      const stop = (signal: StopSignal) => listener(signal);
      process.on('SIGINT', stop);
      process.on('SIGTERM', stop);
      return () => {
        process.off('SIGINT', stop);
        process.off('SIGTERM', stop);
      };
    },
    onHangup(listener) {
      process.on('SIGHUP', listener);
      return () => process.off('SIGHUP', listener);
    },
    program: { path: process.execPath, args: [...process.execArgv, ...process.argv.slice(1, 2)] },
    askHidden: process.stdin.isTTY
      ? createAskHidden(process.stdin, process.stderr, () => process.kill(process.pid, 'SIGINT'))
      : undefined,
    exit(code) {
      if (process.stderr.isTTY) process.stderr.write(SHOW_CURSOR_AND_WRAP);
      process.exit(code);
    },
  };
}
