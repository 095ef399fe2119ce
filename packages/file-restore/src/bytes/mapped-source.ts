import type { Call } from '@sendense/core';
import type { ByteSource } from './byte-source.ts';
import { checkInside } from './damage.ts';

/** Where a run of a volume lies: `length` bytes of it at `offset` of `source`. */
export type MappedRun = {
  readonly start: number;
  readonly length: number;
  readonly source: ByteSource;
  readonly offset: number;
};

/** A volume made of runs of other sources: a partition is one run, a logical volume many. */
export class MappedSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #runs: readonly MappedRun[];

  /** `runs` cover the volume from 0 on, ascending, without gap. */
  constructor(runs: readonly MappedRun[]) {
    this.#runs = runs;
    const last = runs.at(-1);
    this.sizeBytes = last === undefined ? 0 : last.start + last.length;
  }

  async read(offset: number, into: Uint8Array, call?: Call): Promise<void> {
    checkInside(offset, into.byteLength, this.sizeBytes);
    const end = offset + into.byteLength;
    const reads: Promise<void>[] = [];
    for (let index = this.#indexAt(offset); ; index += 1) {
      const run = this.#runs[index];
      if (run === undefined || run.start >= end) break;
      const from = Math.max(offset, run.start);
      const to = Math.min(end, run.start + run.length);
      const part = into.subarray(from - offset, to - offset);
      reads.push(run.source.read(run.offset + from - run.start, part, call));
    }
    const failed = (await Promise.allSettled(reads)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** The run that holds `offset`. */
  #indexAt(offset: number): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const run = this.#runs[middle];
      if (run !== undefined && run.start + run.length <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Bytes `[offset, offset + length)` of a source as a source of its own. */
export function partOf(source: ByteSource, offset: number, length: number): ByteSource {
  return new MappedSource([{ start: 0, length, source, offset }]);
}
