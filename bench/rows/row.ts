import type { Result } from '../report/result.ts';
import type { Workbench } from '../workbench.ts';

/** One or several lines of the performance table that are measured alike. */
export type Row = {
  readonly name: string;
  /** Names in `tests/peers.json` of the programs it compares with or counts by. */
  readonly peers: readonly string[];
  /** Yields a result for each variant, as it is measured. */
  measure(bench: Workbench): AsyncIterable<Result>;
};
