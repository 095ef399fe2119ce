/** A lease with a number that only grows. */
export interface Fence {
  readonly holder: string;
  readonly token: number;
  /** Rejects with `FENCED` when the lease is lost. */
  check(): Promise<void>;
}
