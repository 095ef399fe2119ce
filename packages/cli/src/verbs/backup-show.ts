import type { PrintedPoint } from '../output/describe-point.ts';
import { formatBytes } from '../output/human-size.ts';
import { backupIdFlag, repositoryFlag } from '../program/shared-flags.ts';
import { defineServedVerb } from '../verb.ts';
import type { PointOptions } from '../work/work.ts';

/** `backup show` */
export const backupShow = defineServedVerb<PointOptions>({
  words: ['backup', 'show'],
  summary: 'show one recovery point with its machine',
  flags: (command) => backupIdFlag(repositoryFlag(command)),
  served: ['--repository', '--backup-id'],
  async runBy(work, options) {
    const point = await work.showPoint(options);
    return { json: point, lines: describe(point) };
  },
});

function describe(point: PrintedPoint): string[] {
  return [
    `point        ${point.id}`,
    `instant      ${point.instant}`,
    `machine      ${point.machineName} (${point.machine})`,
    `kind         ${point.kind}`,
    `parent       ${point.parentId ?? '-'}`,
    `consistency  ${point.consistency}`,
    `stored       ${formatBytes(point.bytesStored)}`,
    `held         ${point.held ? 'yes' : 'no'}`,
    ...(point.note === null ? [] : [`note         ${point.note}`]),
    ...point.disks.map((disk) => `${disk.id.padEnd(12)} ${formatBytes(disk.sizeBytes)}  ${disk.path ?? ''}`),
  ];
}
