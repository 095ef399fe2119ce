/** A lease with a number that only grows. */
export interface Fence {
  readonly holder: string;
  readonly token: number;
  /** Must: reject with `FENCED` once the lease is lost, and for ever after. */
  check(): Promise<void>;
}
