import path from 'node:path';
import { execa } from 'execa';
import { DEFAULT_SIZE_BYTES } from '../arguments.ts';
import { CLUSTER_BYTES, clusterWrites, scatteredClusters } from '../data/scattered.ts';
import { runSide } from '../measure/side.ts';
import { resultOf } from '../report/compare.ts';
import type { Result } from '../report/result.ts';
import type { Workbench } from '../workbench.ts';
import { writeScattered } from './grow-chain.ts';
import { ourBackup } from './our-backup.ts';
import type { Row } from './row.ts';

/** Written clusters of the large disk at the default size: fewer at smaller ones, so that a trial is short. */
const WRITTEN_CLUSTERS = 20_000;
/** How much of what was written changes before the increment. */
const CHANGED = 0.05;

/** An empty QCOW2 image in which clusters are written that are `share` of it, each anywhere in its stretch. */
export async function sparseImage(disk: string, sizeBytes: number, share: number): Promise<void> {
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', disk, String(sizeBytes)]);
  const writes = clusterWrites(scatteredClusters(sizeBytes, share, 1), 1);
  await execa('qemu-io', ['-f', 'qcow2', disk], { input: `${writes.join('\n')}\n` });
}

function memoryRow(name: string, virtualBytes: (bench: Workbench) => number, clusters?: number): Row {
  return {
    name,
    peers: ['qemu-img', 'qemu-io'],
    async *measure(bench: Workbench): AsyncGenerator<Result> {
      const sizeBytes = virtualBytes(bench);
      const all = sizeBytes / CLUSTER_BYTES;
      const scale = Math.min(1, bench.settings.sizeBytes / DEFAULT_SIZE_BYTES);
      const share = clusters === undefined ? 1 : Math.max(100, Math.round(clusters * scale)) / all;
      await using folder = await bench.folder('disk');
      const disk = path.join(folder.path, 'disk.qcow2');
      await sparseImage(disk, sizeBytes, share);
      const full = ourBackup(bench, folder.path, [`image:${disk}`]);
      const change = () => writeScattered(disk, sizeBytes, share * CHANGED, 2);
      bench.say(`${name}: ${bench.settings.pairs} runs`);
      const begun = performance.now();
      const ours: number[] = [];
      for (let run = 0; run < bench.settings.pairs; run++) {
        const first = await runSide(full);
        const next = await runSide({ ...full, before: change });
        ours.push(Math.max(first.peakBytes, next.peakBytes));
      }
      yield {
        ...resultOf(name, { destination: 'disk' }, { unit: 'bytes', ours }),
        sizeBytes,
        ourCommand: bench.readable(full.command),
        tookSeconds: (performance.now() - begun) / 1000,
        note: `the larger of a full backup and an increment; ${Math.round(share * all)} clusters written`,
      };
    },
  };
}

/** Peak memory with a disk of 1 GiB that is full; smaller with smaller sizes. */
export const memoryOneGib = memoryRow('memory-1g', (bench) => Math.min(2 ** 30, bench.settings.sizeBytes));

/** Peak memory with a disk of 8 TiB in which 20,000 clusters are written. */
export const memoryEightTib = memoryRow('memory-8t', () => 8 * 2 ** 40, WRITTEN_CLUSTERS);
