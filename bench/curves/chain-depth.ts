import path from 'node:path';
import { growChain } from '../rows/grow-chain.ts';
import { ourRestore } from '../rows/restore-chain.ts';
import type { Workbench } from '../workbench.ts';
import type { CurvePoint } from './curve.ts';
import { type CurvePlan, measurePoint } from './measure-point.ts';

const DEPTHS = [1, 2, 4, 8, 16, 32, 64] as const;
const SHARE = 0.01;

async function* points(bench: Workbench): AsyncGenerator<CurvePoint> {
  const source = await bench.dataSet('rnd');
  await using folder = await bench.folder('disk');
  const out = path.join(folder.path, 'restored.raw');
  const measured: CurvePoint[] = [];
  const plan = { source, depth: Math.max(...DEPTHS), share: SHARE };
  await growChain(bench, folder.path, plan, async (chain, length) => {
    if (DEPTHS.some((depth) => depth === length))
      measured.push(await measurePoint(bench, length, ourRestore(bench, chain, out)));
  });
  yield* measured;
}

/** A restore of the newest point of an ever longer chain. */
export const chainDepth: CurvePlan = {
  name: 'chain-depth',
  title: 'Restore from a chain to a raw file',
  xLabel: 'images in the chain; each increment holds 1 % of the disk',
  points,
};
