import type { SendenseError } from '@sendense/core';
import type { ErrorChunk, NbdRequest, StatusDescriptor } from '../../protocol/index.ts';
import { RangeCover } from './range-cover.ts';

/** What a request resolves with: runs of each context for block status, nothing for all others. */
export type RequestResult = ReadonlyMap<string, readonly StatusDescriptor[]>;

/** How a request ended: an error number of the server, or not. */
export type RequestOutcome =
  | { readonly ok: true; readonly result: RequestResult }
  | { readonly ok: false; readonly error: ErrorChunk };

/** A request that the server owes an answer for. */
export class PendingRequest {
  readonly request: NbdRequest;
  /** Where read bytes go; `undefined` for other requests, and for a read that nobody waits for any more. */
  into: Uint8Array | undefined;
  /** Parts of a read that came. */
  readonly cover = new RangeCover();
  /** Runs of block status by the name of their context. */
  readonly runs = new Map<string, readonly StatusDescriptor[]>();
  /** The first error that came. */
  error: ErrorChunk | undefined;
  /** Chunks that came. */
  chunks = 0;
  /** Tells who waits that the connection ended first. */
  readonly fail: (error: SendenseError) => void;
  readonly #settle: (outcome: RequestOutcome) => void;

  constructor(
    request: NbdRequest,
    into: Uint8Array | undefined,
    waiting: {
      readonly settle: (outcome: RequestOutcome) => void;
      readonly fail: (error: SendenseError) => void;
    },
  ) {
    this.request = request;
    this.into = into;
    this.fail = waiting.fail;
    this.#settle = waiting.settle;
  }

  /** Tells who waits how it ended. */
  finish(): void {
    const { error } = this;
    this.#settle(error === undefined ? { ok: true, result: this.runs } : { ok: false, error });
  }
}
