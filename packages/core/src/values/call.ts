import type { Progress } from './progress.ts';

/** The last argument of every contract call. */
export type Call = {
  /** Aborting rejects the call with `ABORTED`; nothing is written after the rejection. */
  readonly signal?: AbortSignal;
  /** Called at most a few times a second; must not throw. */
  readonly onProgress?: (progress: Progress) => void;
};
