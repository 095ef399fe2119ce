/** One measured point of a curve: the median of its runs. */
export type CurvePoint = {
  readonly x: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
};

/** How wall time and processor time grow with something. */
export type Curve = {
  /** File name of its picture. */
  readonly name: string;
  readonly title: string;
  /** What grows, with its unit. */
  readonly xLabel: string;
  /** Runs for each point. */
  readonly runs: number;
  /** Size of the disks of the settings. */
  readonly sizeBytes: number;
  readonly points: readonly CurvePoint[];
};
