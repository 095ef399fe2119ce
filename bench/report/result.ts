import type { DataKind } from '../data/data-set.ts';

/** Where the backups or restored disks are written. */
export type Destination = 'disk' | 'memory';

/** What tells results of one row apart. */
export type Variant = {
  readonly destination?: Destination;
  readonly data?: DataKind;
  /** The peer's mode, where a row has several. */
  readonly peer?: string;
  /** What is compared, where a row compares several things. */
  readonly measure?: 'time' | 'memory' | 'stored' | 'restore' | 'reads' | 'ready' | 'listing';
};

/** Unit of `ours`, `theirs` and `limit`. */
export type Unit = 's' | 'bytes' | 'ms';

/** One line of the performance table; the first eight members are those that scripts rely on. */
export type Result = Variant & {
  readonly name: string;
  /** Median of ours; `null` when it was not measured. */
  readonly ours: number | null;
  /** Median of the peer's; `null` for absolute rows. */
  readonly theirs: number | null;
  /** Median of ours ÷ theirs, pair by pair; `null` for absolute rows. */
  readonly ratio: number | null;
  /** 90 % interval of the ratio, or of `ours` in absolute rows; fewer than five pairs cover less (`confidence`). */
  readonly interval: readonly [number, number] | null;
  /** Most that the ratio, or `ours` in absolute rows, may be; `null` where nobody set one. */
  readonly bar: number | null;
  /** Whether the median keeps the bar; `null` when it was not measured or has none. */
  readonly met: boolean | null;
  /** Why it was not measured; `null` when it was. */
  readonly reason: string | null;
  readonly unit?: Unit;
  readonly confidence?: number;
  readonly pairs?: number;
  /** Size of the disk, or of all disks together. */
  readonly sizeBytes?: number;
  /** Median of the physical limit: the cached source read and what changed written, by `cat` and `head`. */
  readonly limit?: number | null;
  /** Medians of the time of processors. */
  readonly ourCpuSeconds?: number;
  readonly theirCpuSeconds?: number;
  readonly ourPeakBytes?: number;
  readonly theirPeakBytes?: number;
  readonly ourCommand?: string;
  readonly theirCommand?: string;
  /** How long all of its runs took. */
  readonly tookSeconds?: number;
  /** What a reader should know about the comparison. */
  readonly note?: string;
};

/** What a row's results are told apart by: `backup-nbd disk rnd`. */
export function resultKey({ name, destination, data, peer, measure }: Result): string {
  return [name, destination, data, peer, measure].filter((part) => part !== undefined).join(' ');
}
