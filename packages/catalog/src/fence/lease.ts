import type { Fence } from '@sendense/core';

/** A fence of this catalog: exclusive use of a name until it is released or its time runs out. */
export interface Lease extends Fence, AsyncDisposable {
  readonly name: string;
  /** Puts the expiry off by the full time again. Rejects with `FENCED` when the lease is lost. */
  renew(): Promise<void>;
}

/** Who wants a lease, and for how long. */
export type LeaseRequest = {
  /** Names the process, e.g. `host:pid`. */
  readonly holder: string;
  /** Time until the lease lapses without a renewal, in milliseconds. */
  readonly ttlMs: number;
  /** Asked about another holder whose time has not run out; `true` takes the lease from it (it is known to be dead). */
  readonly mayTakeFrom?: (holder: string) => boolean;
};
