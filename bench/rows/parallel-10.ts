import path from 'node:path';
import { inPairs } from '../measure/pairs.ts';
import { runSide } from '../measure/side.ts';
import { resultOf, timedResult } from '../report/compare.ts';
import type { Result } from '../report/result.ts';
import type { Workbench } from '../workbench.ts';
import { ourBackup } from './our-backup.ts';
import type { Row } from './row.ts';

const MIB = 2 ** 20;
const MACHINES = 10;

/** Size of one of `count` disks that are together about as large as the disk of the settings. */
export function shareOfSize(bench: Workbench, count: number): number {
  return Math.max(4, Math.round(bench.settings.sizeBytes / count / (4 * MIB)) * 4) * MIB;
}

/** Ten machines backed up at once, against the same ten one after another. */
export const parallelTen: Row = {
  name: 'parallel-10',
  peers: [],
  async *measure(bench: Workbench): AsyncGenerator<Result> {
    const each = shareOfSize(bench, MACHINES);
    const sources: string[] = [];
    for (let seed = 1; seed <= MACHINES; seed++)
      sources.push(`image:${await bench.dataSet('rnd', each, seed)}`);
    for (const destination of bench.settings.destinations) {
      await using atOnce = await bench.folder(destination);
      await using inTurn = await bench.folder(destination);
      const ours = ourBackup(bench, atOnce.path, sources, ['--parallel', String(MACHINES)]);
      const theirs = ourBackup(bench, inTurn.path, sources, ['--parallel', '1']);
      bench.say(`${this.name} ${destination}: ${bench.settings.pairs} pairs`);
      const begun = performance.now();
      const measured = await inPairs(
        bench.settings.pairs,
        () => runSide(ours),
        () => runSide(theirs),
      );
      const shared = {
        sizeBytes: each * MACHINES,
        ourCommand: `sendense-ctl backup start --source … (${MACHINES} times) --parallel ${MACHINES}`,
        theirCommand: 'the same with --parallel 1',
        note: `${MACHINES} disks of ${each / MIB} MiB (${path.basename(sources[0] ?? '')} …)`,
      };
      const tookSeconds = (performance.now() - begun) / 1000;
      const time = { destination, data: 'rnd', measure: 'time' } as const;
      yield { ...timedResult(this.name, time, measured), ...shared, tookSeconds };
      const peaks = measured.ours.map((run) => run.peakBytes);
      const memory = { ...time, measure: 'memory' } as const;
      yield { ...resultOf(this.name, memory, { unit: 'bytes', ours: peaks }), ...shared };
    }
  },
};
