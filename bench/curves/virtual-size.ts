import path from 'node:path';
import { CLUSTER_BYTES } from '../data/scattered.ts';
import { sparseImage } from '../rows/memory.ts';
import { ourBackup } from '../rows/our-backup.ts';
import type { Workbench } from '../workbench.ts';
import type { CurvePoint } from './curve.ts';
import { type CurvePlan, measurePoint } from './measure-point.ts';

const GIB = 2 ** 30;
const SIZES_GIB = [1, 8, 64, 512, 8192] as const;
/** The same number of written clusters in each disk: an eighth of the size, and never more than the smallest holds. */
const PART = 8;

async function* points(bench: Workbench): AsyncGenerator<CurvePoint> {
  const written = Math.min(bench.settings.sizeBytes / PART, GIB) / CLUSTER_BYTES;
  for (const gib of SIZES_GIB) {
    await using folder = await bench.folder('disk');
    const disk = path.join(folder.path, 'disk.qcow2');
    const sizeBytes = gib * GIB;
    await sparseImage(disk, sizeBytes, written / (sizeBytes / CLUSTER_BYTES));
    yield await measurePoint(bench, gib, ourBackup(bench, folder.path, [`image:${disk}`]));
  }
}

/** A full backup of ever larger disks that hold the same data, spread over the whole disk. */
export const virtualSize: CurvePlan = {
  name: 'virtual-size',
  title: 'Full backup of the same data in a larger disk',
  xLabel: 'virtual size in GiB',
  points,
};
