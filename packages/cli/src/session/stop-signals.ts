import { SendenseError } from '@sendense/core';
import { type StopSignal, signalExitCode } from '../exit-code.ts';
import type { Host } from '../host.ts';

/**
 * One wish to stop may arrive twice at almost the same time: a supervisor signals the whole process group, and the
 * program that started this one passes its own signal on. Only a later signal is a second wish.
 */
const SAME_WISH_MS = 500;

/** The first SIGINT or SIGTERM abandons the command cleanly, a second one later on ends the process at once. */
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
  let receivedAt = 0;
  const abort = (reason: string) => {
    controller.abort(new SendenseError('ABORTED', reason, { operation: 'run-command' }));
  };
  const end = host.onSignal((signal) => {
    const now = host.now().getTime();
    if (received === signal && Math.abs(now - receivedAt) < SAME_WISH_MS) return;
    if (received !== undefined) {
      host.exit(signalExitCode(signal));
      return;
    }
    received = signal;
    receivedAt = now;
    host.stderr.write('cancelling; what is committed stays. A second signal stops at once.\n');
    abort(`cancelled by ${signal}`);
  });
  return { signal: controller.signal, received: () => received, abort, end };
}
