import type { Progress } from './progress.ts';

/** The last argument of every contract call. */
export type Call = {
  /**
   * Aborting rejects the call with `ABORTED` once what is under way has ended; nothing is written after the rejection. A
   * call whose effect lasts (a commit, a retire) resolves when it has happened all the same.
   */
  readonly signal?: AbortSignal;
  /** Called at most a few times a second; must not throw. */
  readonly onProgress?: (progress: Progress) => void;
};
