import type { Call } from '../values/call.ts';

/** A byte budget shared by copies. No native call outlives one grant, so a changed rate takes hold at once. */
export interface Pace {
  /** Waits, then grants 1…`bytes` bytes. Rejects with `ABORTED` when the signal fires. */
  take(bytes: number, call?: Call): Promise<number>;
}
