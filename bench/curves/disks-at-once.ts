import { link, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { ourBackup } from '../rows/our-backup.ts';
import { shareOfSize } from '../rows/parallel-10.ts';
import type { Workbench } from '../workbench.ts';
import type { CurvePoint } from './curve.ts';
import { type CurvePlan, measurePoint } from './measure-point.ts';

const COUNTS = [1, 2, 5, 10] as const;
const MOST = 10;

/** A machine of `count` disks: a folder that holds them under names of their own. */
async function makeMachine(bench: Workbench, folder: string, count: number): Promise<string> {
  const machine = path.join(folder, `machine-${count}`);
  await mkdir(machine);
  for (let seed = 1; seed <= count; seed++) {
    const disk = await bench.dataSet('rnd', shareOfSize(bench, MOST), seed);
    await link(disk, path.join(machine, `disk-${seed}.raw`));
  }
  return machine;
}

async function* points(bench: Workbench): AsyncGenerator<CurvePoint> {
  for (const count of COUNTS) {
    await using folder = await bench.folder('disk');
    const machine = await makeMachine(bench, folder.path, count);
    const side = ourBackup(bench, folder.path, [`image:${machine}`], ['--parallel', String(count)]);
    yield await measurePoint(bench, count, side);
  }
}

/** A full backup of a machine with ever more disks of one size, all at once. */
export const disksAtOnce: CurvePlan = {
  name: 'disks-at-once',
  title: 'Full backup of a machine with several disks, all at once',
  xLabel: 'disks, each a tenth of the size',
  points,
};
