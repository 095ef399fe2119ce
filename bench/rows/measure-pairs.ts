import type { DataKind } from '../data/data-set.ts';
import { inPairs } from '../measure/pairs.ts';
import { runSide, type Side } from '../measure/side.ts';
import { timedResult } from '../report/compare.ts';
import type { Destination, Result, Variant } from '../report/result.ts';
import type { Workbench } from '../workbench.ts';

/** A comparison of two programs. */
export type Comparison = {
  readonly name: string;
  readonly variant: Variant;
  readonly ours: Side;
  readonly theirs: Side;
  readonly sizeBytes: number;
  /** The physical limit in seconds. */
  readonly limit?: number;
  readonly note?: string;
  /** Rejects when what ours made is not what it should be: then there is no result. */
  readonly check?: () => Promise<void>;
};

/** Runs both sides in pairs and gives the line of the table. */
export async function measurePairs(bench: Workbench, comparison: Comparison): Promise<Result> {
  const { name, variant, ours, theirs, sizeBytes, limit, note, check } = comparison;
  const { pairs } = bench.settings;
  bench.say(`${[name, ...Object.values(variant)].join(' ')}: ${pairs} pairs`);
  const begun = performance.now();
  const measured = await inPairs(
    pairs,
    () => runSide(ours),
    () => runSide(theirs),
  );
  const tookSeconds = (performance.now() - begun) / 1000;
  await check?.();
  return {
    ...timedResult(name, variant, measured),
    sizeBytes,
    ...(limit === undefined ? {} : { limit }),
    ourCommand: bench.readable(ours.command),
    theirCommand: bench.readable(theirs.command),
    tookSeconds,
    ...(note === undefined ? {} : { note }),
  };
}

/** Every destination with every data set of the settings. */
export function placements(bench: Workbench): { destination: Destination; data: DataKind }[] {
  const { destinations, data } = bench.settings;
  return destinations.flatMap((destination) => data.map((kind) => ({ destination, data: kind })));
}
