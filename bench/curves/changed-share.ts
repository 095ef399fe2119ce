import path from 'node:path';
import { copyToQcow2, writeScattered } from '../rows/grow-chain.ts';
import { ourBackup } from '../rows/our-backup.ts';
import type { Workbench } from '../workbench.ts';
import type { CurvePoint } from './curve.ts';
import { type CurvePlan, measurePoint } from './measure-point.ts';

const SHARES = [0.001, 0.01, 0.05, 0.25, 1] as const;

async function* points(bench: Workbench): AsyncGenerator<CurvePoint> {
  await using folder = await bench.folder('disk');
  const disk = path.join(folder.path, 'disk.qcow2');
  await copyToQcow2(await bench.dataSet('rnd'), disk);
  const source = [`image:${disk}`];
  const full = ourBackup(bench, folder.path, source);
  await full.repository.renew();
  await bench.ctlJson(full.repository.home, ...startOf(source, full.repository.path));
  let seed = 0;
  for (const share of SHARES) {
    const before = () => writeScattered(disk, bench.settings.sizeBytes, share, ++seed);
    const increment = ourBackup(bench, folder.path, source, ['--type', 'incremental']);
    yield await measurePoint(bench, share * 100, { ...increment, before });
  }
}

function startOf([source = '']: readonly string[], repository: string): string[] {
  return ['backup', 'start', '--source', source, '--repository', repository];
}

/** An increment after ever more of a disk has changed, in scattered clusters. */
export const changedShare: CurvePlan = {
  name: 'changed-share',
  title: 'Increment of a disk of which a part has changed',
  xLabel: 'changed, in % of the disk',
  points,
};
