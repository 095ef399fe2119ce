import { type Measured, ratios } from '../measure/pairs.ts';
import type { ShellRun } from '../measure/run-shell.ts';
import { estimate, median } from '../measure/statistics.ts';
import { barOf } from './bars.ts';
import type { Result, Unit, Variant } from './result.ts';

type Numbers = { readonly unit: Unit; readonly ours: readonly number[]; readonly theirs?: readonly number[] };

/** The result of a row from its measured values: of pairs their ratios are judged, of ours alone the value itself. */
export function resultOf(name: string, variant: Variant, { unit, ours, theirs }: Numbers): Result {
  const judged = theirs === undefined ? ours : ratios({ ours, theirs });
  const { median: middle, low, high, confidence } = estimate(judged);
  const bar = barOf(name, variant);
  return {
    name,
    ours: median(ours),
    theirs: theirs === undefined ? null : median(theirs),
    ratio: theirs === undefined ? null : middle,
    interval: [low, high],
    bar,
    met: bar === null ? null : middle <= bar,
    reason: null,
    ...variant,
    unit,
    confidence,
    pairs: ours.length,
  };
}

/** The result of pairs of timed programs, with the peaks of their memory. */
export function timedResult(name: string, variant: Variant, { ours, theirs }: Measured<ShellRun>): Result {
  const seconds = (runs: readonly ShellRun[]) => runs.map((run) => run.seconds);
  return {
    ...resultOf(name, variant, { unit: 's', ours: seconds(ours), theirs: seconds(theirs) }),
    ourCpuSeconds: median(ours.map((run) => run.cpuSeconds)),
    theirCpuSeconds: median(theirs.map((run) => run.cpuSeconds)),
    ourPeakBytes: peak(ours),
    theirPeakBytes: peak(theirs),
  };
}

/** A row that cannot be measured here, and why. */
export function notMeasured(name: string, reason: string, variant: Variant = {}): Result {
  const nothing = { ours: null, theirs: null, ratio: null, interval: null, met: null } as const;
  return { name, ...nothing, bar: barOf(name, variant), reason, ...variant };
}

function peak(runs: readonly ShellRun[]): number {
  return Math.max(...runs.map((run) => run.peakBytes));
}
