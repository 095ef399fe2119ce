import type { Call, Json } from '@sendense/core';

/** Something that happened in QEMU, e.g. `BLOCK_JOB_ERROR`. */
export type QmpEvent = {
  readonly name: string;
  readonly data: { readonly [key: string]: Json };
  readonly at: Date;
};

/** One session with a QEMU monitor. QEMU serves one client a monitor: keep it no longer than needed. */
export interface QmpClient extends AsyncDisposable {
  /** QEMU's version, e.g. `[7, 2, 22]`. */
  readonly version: readonly [major: number, minor: number, micro: number];
  /**
   * Runs a command; answers may come in any order. Resolves with its `return` value, which the caller must check.
   * Rejects with the code that `map-error` gives QEMU's error, `TIMEOUT`, `ABORTED` or `CONNECTION_LOST`.
   */
  execute(command: string, args?: { readonly [key: string]: Json }, call?: Call): Promise<Json>;
  /** Events from now on, until the client is disposed or the connection is lost. */
  onEvent(listener: (event: QmpEvent) => void): () => void;
}
