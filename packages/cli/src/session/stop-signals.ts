import { SendenseError } from '@sendense/core';
import { type StopSignal, signalExitCode } from '../exit-code.ts';
import type { Host } from '../host.ts';

/** The first SIGINT or SIGTERM abandons the command cleanly, the second ends the process at once. */
export type StopSignals = {
  readonly signal: AbortSignal;
  /** The signal that was received. */
  readonly received: () => StopSignal | undefined;
  /** Abandons the command for another reason. */
  readonly abort: (reason: string) => void;
  /** Stops listening. */
  readonly end: () => void;
};

/** Listens from now on. */
export function listenForStop(host: Host): StopSignals {
  const controller = new AbortController();
  let received: StopSignal | undefined;
  const abort = (reason: string) => {
    controller.abort(new SendenseError('ABORTED', reason, { operation: 'run-command' }));
  };
  const end = host.onSignal((signal) => {
    if (received !== undefined) {
      host.exit(signalExitCode(signal));
      return;
    }
    received = signal;
    host.stderr.write('cancelling; what is committed stays. A second signal stops at once.\n');
    abort(`cancelled by ${signal}`);
  });
  return { signal: controller.signal, received: () => received, abort, end };
}
