import type { CheckLog } from './check-result.ts';
import type { CheckWindow, CheckWindows } from './check-windows.ts';

/** The most references that are told apart. */
const MAX_COUNT = 0xffff;

/** What a structure is called in a message; made only when there is one, as there are millions of structures. */
export type Described = () => string;

/** What a walk over the tables reports to. */
export interface ReferenceSink {
  /** Takes note of every cluster that `[offset, offset + length)` touches; `false` when it is not in the file. */
  add(offset: number, length: number, what: Described): boolean;
  /** Like {@link add} for a structure that starts at a cluster boundary. */
  addAligned(offset: number, length: number, what: Described): boolean;
  error(code: string, message: Described): void;
  warning(code: string, message: Described): void;
}

/** What a {@link ReferenceCounter} counts in. */
export type ReferenceCounterOptions = {
  readonly clusterBytes: number;
  readonly fileBytes: number;
  /** Only the first one reports offsets outside the file. */
  readonly window: CheckWindow;
  /** Learns from the first window which others are in use. */
  readonly windows: CheckWindows;
  readonly log: CheckLog;
};

/** Counts references to the host clusters of one window of the file. */
export class ReferenceCounter implements ReferenceSink {
  readonly #clusterBytes: number;
  readonly #fileClusters: number;
  readonly #first: number;
  readonly #counts: Uint16Array;
  readonly #windows: CheckWindows;
  readonly #log: CheckLog;

  constructor({ clusterBytes, fileBytes, window, windows, log }: ReferenceCounterOptions) {
    this.#clusterBytes = clusterBytes;
    this.#fileClusters = Math.ceil(fileBytes / clusterBytes);
    this.#first = window.first;
    this.#counts = new Uint16Array(window.length);
    this.#windows = windows;
    this.#log = log;
  }

  /** Whether problems that are the same in every window are reported now. */
  get isFirst(): boolean {
    return this.#first === 0;
  }

  get first(): number {
    return this.#first;
  }

  get counts(): Uint16Array {
    return this.#counts;
  }

  /** Counts every cluster that `[offset, offset + length)` touches; `false` (and an error) outside the file. */
  add(offset: number, length: number, what: Described): boolean {
    const from = Math.floor(offset / this.#clusterBytes);
    const to = Math.ceil((offset + length) / this.#clusterBytes);
    if (to > this.#fileClusters) {
      if (this.isFirst)
        this.#log.error('outside-file', `${what()} at offset ${offset} lies outside the file`);
      return false;
    }
    this.use(from, to);
    const last = Math.min(to, this.#first + this.#counts.length) - this.#first;
    for (let at = Math.max(from - this.#first, 0); at < last; at += 1) {
      const count = this.#counts[at] ?? 0;
      if (count < MAX_COUNT) this.#counts[at] = count + 1;
    }
    return true;
  }

  /** Like {@link add} for a structure that starts at a cluster boundary. */
  addAligned(offset: number, length: number, what: Described): boolean {
    if (offset % this.#clusterBytes === 0) return this.add(offset, length, what);
    this.error('misaligned', () => `${what()} at offset ${offset} does not start at a cluster boundary`);
    return false;
  }

  /** Notes that clusters `[from, to)` are referred to or counted, so that a later window is looked at for them. */
  use(from: number, to: number): void {
    if (this.isFirst && to > this.#counts.length) this.#windows.use(from, to);
  }

  /** Reports a problem once, whatever the number of windows. */
  error(code: string, message: Described): void {
    if (this.isFirst) this.#log.error(code, message());
  }

  /** Like {@link error} for what is no damage. */
  warning(code: string, message: Described): void {
    if (this.isFirst) this.#log.warning(code, message());
  }
}

/** Follows a walk that was reported before: only tells what lies in the file. */
export function silentSink(clusterBytes: number, fileBytes: number): ReferenceSink {
  const end = Math.ceil(fileBytes / clusterBytes) * clusterBytes;
  const add = (offset: number, length: number) => offset + length <= end;
  return {
    add,
    addAligned: (offset, length) => offset % clusterBytes === 0 && add(offset, length),
    error: () => {},
    warning: () => {},
  };
}
