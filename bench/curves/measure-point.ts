import { runSide, type Side } from '../measure/side.ts';
import { median } from '../measure/statistics.ts';
import type { Workbench } from '../workbench.ts';
import type { Curve, CurvePoint } from './curve.ts';

/** Enough for a curve, whose points support each other. */
const MOST_RUNS = 3;

/** Runs for each point of a curve. */
export function runsOf(bench: Workbench): number {
  return Math.min(MOST_RUNS, bench.settings.pairs);
}

/** Runs one side several times and gives the medians as a point. */
export async function measurePoint(bench: Workbench, x: number, side: Side): Promise<CurvePoint> {
  const runs = [];
  for (let run = 0; run < runsOf(bench); run++) runs.push(await runSide(side));
  return {
    x,
    seconds: median(runs.map(({ seconds }) => seconds)),
    cpuSeconds: median(runs.map(({ cpuSeconds }) => cpuSeconds)),
    peakBytes: median(runs.map(({ peakBytes }) => peakBytes)),
  };
}

/** A curve and how its points are measured. */
export type CurvePlan = Pick<Curve, 'name' | 'title' | 'xLabel'> & {
  readonly points: (bench: Workbench) => AsyncIterable<CurvePoint>;
};

/** Measures a whole curve. */
export async function measureCurve(bench: Workbench, plan: CurvePlan): Promise<Curve> {
  const { name, title, xLabel } = plan;
  const { sizeBytes } = bench.settings;
  bench.say(`curve ${name}`);
  const points: CurvePoint[] = [];
  for await (const point of plan.points(bench)) {
    bench.say(`  ${point.x}: ${point.seconds.toFixed(2)} s, processors ${point.cpuSeconds.toFixed(2)} s`);
    points.push(point);
  }
  return { name, title, xLabel, runs: runsOf(bench), sizeBytes, points };
}
