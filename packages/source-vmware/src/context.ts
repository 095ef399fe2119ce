import {
  type Call,
  type InstantId,
  type LogSink,
  type PluginServices,
  type Secret,
  SendenseError,
} from '@sendense/core';
import type { DatastoreFiles, ManagedObject, TaskCall, VimClient } from '@sendense/platform-vmware';
import { type Limited, limitConcurrency, type Timer, withRetry } from '@sendense/plugin-kit';
import type { CheckedOptions } from './options.ts';

/** A session, and what is read by it. */
export type Connection = {
  readonly vim: VimClient;
  readonly files: DatastoreFiles;
  /** Files from a host itself; one limit of reads holds for all that read from it. */
  readonly hostFiles: (host: ManagedObject, call?: Call) => Promise<DatastoreFiles>;
  readonly password: Secret;
  /** Names the server in references to its machines. */
  readonly id: string;
};

/** What every step of one source shares. */
export type SourceContext = {
  readonly options: CheckedOptions;
  readonly clock: PluginServices['clock'];
  readonly random: PluginServices['random'];
  readonly log: LogSink | undefined;
  readonly timer: Timer;
  readonly services: Pick<PluginServices, 'drivers' | 'temporaryDirectory'>;
  /** The session, opened by the first call. */
  readonly connect: (call?: Call) => Promise<Connection>;
  /** Instants of the states that were retired: none of them is built on again. */
  readonly retired: Set<InstantId>;
  /** Runs what changes the snapshots of a machine, one at a time for each. */
  readonly exclusively: <T>(machine: ManagedObject, run: () => Promise<T>, call?: Call) => Promise<T>;
};

/** What the changes of a machine need. */
export type TaskContext = Pick<SourceContext, 'timer' | 'random' | 'log'> & {
  readonly options: Pick<CheckedOptions, 'taskPatienceMinutes'>;
};

/** One place for each machine. */
export function createExclusion(): SourceContext['exclusively'] {
  const places = new Map<string, Limited>();
  return (machine, run, call) => {
    const place = places.get(machine.id) ?? limitConcurrency(1);
    places.set(machine.id, place);
    return place(run, call?.signal);
  };
}

/** Tries of a change of a machine that somebody else is changing. */
const ATTEMPTS = 5;
const LONGEST_WAIT_MS = 10_000;

/** How long a task is waited for whose caller has cancelled: mostly it ends, and what it made can be removed at once. */
const LINGER_MS = 30_000;

/** How long tasks are waited for, and what ends the wait before. */
export type Patience = {
  /** How long another task that keeps this one from beginning is waited for. Default: as long as {@link ATTEMPTS} tries take, some seconds. */
  readonly forMs?: number;
  /** How long the task itself may stand still; default as the options say. */
  readonly patienceMs?: number;
  /** Ends both, the second {@link LINGER_MS} later. */
  readonly signal?: AbortSignal | undefined;
};

/** Of what is taken back when a capture ends before its time: who waits for that has given up, and `reconcile` finds what is left. */
export const GIVING_UP: Patience = { patienceMs: 300_000 };

/**
 * Repeats a task that another task of the machine keeps from beginning, and for nothing else: one whose end is not known may have done
 * its work. A cancel ends the waiting and not the task, and `run` may have made what nobody knows of: `ABORTED` and `TIMEOUT` of one that
 * stands still have the effect `unknown`, and `reconcile` removes what is left.
 */
export async function whenFree<T>(
  { timer, random, log, options }: TaskContext,
  run: (call: TaskCall) => Promise<T>,
  { forMs = 0, patienceMs = options.taskPatienceMinutes * 60_000, signal }: Patience = {},
): Promise<T> {
  const startedMs = timer.monotonicMs();
  const onRetry = ({ code, message }: SendenseError, attempt: number): void =>
    log?.({ level: 'info', message: 'a task is repeated', fields: { code, message, attempt } });
  const attempt = async (): Promise<{ readonly value: T } | { readonly error: unknown }> => {
    try {
      return { value: await lingering(timer, signal, (late) => run({ ...late, patienceMs, timer })) };
    } catch (error) {
      if (SendenseError.is(error, 'LOCKED')) throw error;
      return { error };
    }
  };
  const waiting = { baseDelayMs: 1000, maxDelayMs: LONGEST_WAIT_MS, timer, random, onRetry };
  const cancel = signal === undefined ? {} : { signal };
  for (;;) {
    try {
      const ended = await withRetry(attempt, { attempts: ATTEMPTS, ...waiting, ...cancel });
      if ('error' in ended) throw ended.error;
      return ended.value;
    } catch (error) {
      if (!SendenseError.is(error, 'LOCKED') || timer.monotonicMs() - startedMs >= forMs) throw error;
    }
  }
}

/** Runs with a signal that fires {@link LINGER_MS} after `signal`. */
async function lingering<T>(
  timer: Timer,
  signal: AbortSignal | undefined,
  run: (late: Call) => Promise<T>,
): Promise<T> {
  if (signal === undefined) return run({});
  const late = new AbortController();
  const over = new AbortController();
  const follow = (): void =>
    void timer.sleep(LINGER_MS, over.signal).then(
      () => late.abort(signal.reason),
      () => undefined,
    );
  signal.addEventListener('abort', follow, { once: true });
  try {
    return await run({ signal: late.signal });
  } finally {
    over.abort();
    signal.removeEventListener('abort', follow);
  }
}
