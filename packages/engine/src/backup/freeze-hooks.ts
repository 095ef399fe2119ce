import { type Capture, type Consistency, consistencySatisfies, SendenseError } from '@sendense/core';
import type { Job } from '../events/job.ts';
import { toSendenseError } from '../jobs/to-sendense-error.ts';

/** What a hook is told. */
export type FreezeHookContext = {
  readonly jobId: string;
  readonly machineName: string;
  readonly signal: AbortSignal;
};

/** Functions of the host around the frozen instant, e.g. stop and start of a database. */
export type FreezeHooks = {
  /** Before the capture. */
  readonly preFreeze?: (context: FreezeHookContext) => Promise<void>;
  /** After the instant is taken; also when `preFreeze` or the capture failed. Its signal never fires. */
  readonly postFreeze?: (context: FreezeHookContext) => Promise<void>;
  /** What the machine's content is when `preFreeze` succeeds; the host vouches for it. Absent = nothing is claimed. */
  readonly gives?: Consistency;
  /** `fail`: a failing hook fails the backup with `QUIESCE_FAILED` (default). `weaken`: it goes on and says so. */
  readonly onFailure?: 'fail' | 'weaken';
  /**
   * When `postFreeze` runs: after `capture` (default; the platform holds the instant), or after `seal`, for a source that
   * reads the live disk until its last read.
   */
  readonly releaseAfter?: 'capture' | 'seal';
};

/** The hooks of one run, each called at most once. */
export type FreezeRun = {
  /** Whether there is a `preFreeze` and it succeeded. */
  readonly frozen: boolean;
  freeze(): Promise<void>;
  /** Runs `postFreeze` if it is due after `moment`. */
  release(moment: 'capture' | 'seal'): Promise<void>;
  /** After a failure: runs `postFreeze` if it is still to be run; what it throws becomes a finding. */
  giveUp(): Promise<void>;
};

/** Prepares the hooks of a run. */
export function createFreezeRun(job: Job, hooks: FreezeHooks | undefined, machineName: string): FreezeRun {
  const policy = hooks?.onFailure ?? 'fail';
  let begun = false;
  let frozen = false;
  let released = false;
  const call = async (name: 'preFreeze' | 'postFreeze', signal: AbortSignal): Promise<boolean> => {
    try {
      await hooks?.[name]?.({ jobId: job.id, machineName, signal });
      return hooks?.[name] !== undefined;
    } catch (thrown) {
      const error = toSendenseError(thrown, name, signal);
      if (policy === 'fail' || error.code === 'ABORTED') throw hookError(name, error);
      job.report({
        severity: 'warning',
        code: 'hook-failed',
        message: `the ${name} hook failed: ${error.message}`,
      });
      return false;
    }
  };
  const thaw = async (): Promise<void> => {
    if (!begun || released) return;
    released = true;
    await call('postFreeze', new AbortController().signal);
  };
  return {
    get frozen() {
      return frozen;
    },
    async freeze() {
      begun = true;
      frozen = await call('preFreeze', job.signal);
    },
    async release(moment) {
      if (moment === (hooks?.releaseAfter ?? 'capture')) await thaw();
    },
    giveUp: () =>
      thaw().catch((error: unknown) =>
        job.report({
          severity: 'error',
          code: 'hook-failed',
          message: toSendenseError(error, 'postFreeze').message,
        }),
      ),
  };
}

/** The consistency of the point: what the platform obtained, or what the host's hooks vouch for if that is more. */
export function obtainedConsistency(
  capture: Capture,
  run: FreezeRun,
  hooks: FreezeHooks | undefined,
): Consistency {
  const given = run.frozen ? hooks?.gives : undefined;
  return given !== undefined && consistencySatisfies(given, capture.consistency)
    ? given
    : capture.consistency;
}

function hookError(name: string, cause: SendenseError): SendenseError {
  if (cause.code === 'ABORTED') return cause;
  return new SendenseError('QUIESCE_FAILED', `the ${name} hook failed: ${cause.message}`, {
    operation: 'run-hook',
    remedy: 'repair the hook, or allow a weaker consistency when it fails',
    cause,
  });
}
