import { notMeasured } from './report/compare.ts';
import type { Result } from './report/result.ts';
import { ROWS } from './rows/index.ts';
import type { Row } from './rows/row.ts';
import { findPeers } from './setup/find-peers.ts';
import type { Workbench } from './workbench.ts';

/** Measures the chosen rows, one after the other; what cannot be measured is a result that says why. */
export async function* measureRows(bench: Workbench): AsyncGenerator<Result> {
  const chosen = ROWS.filter(({ name }) => bench.settings.only.includes(name));
  const absent = findPeers(chosen.flatMap(({ peers }) => peers));
  for (const row of chosen) {
    const missing = row.peers.flatMap((peer) => absent.get(peer) ?? []);
    if (missing.length > 0) yield notMeasured(row.name, missing.join('; '));
    else yield* measureRow(row, bench);
  }
}

/** A row that fails says so in its place; the others are measured all the same. */
async function* measureRow(row: Row, bench: Workbench): AsyncGenerator<Result> {
  try {
    yield* row.measure(bench);
  } catch (error) {
    yield notMeasured(row.name, `failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
