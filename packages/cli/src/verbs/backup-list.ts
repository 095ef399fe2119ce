import type { PrintedPoint } from '../output/describe-point.ts';
import { formatBytes } from '../output/human-size.ts';
import { textTable } from '../output/text-table.ts';
import {
  type MachineOption,
  machineFlag,
  type RepositoryOption,
  repositoryFlag,
} from '../program/shared-flags.ts';
import { defineServedVerb } from '../verb.ts';

/** `backup list` */
export const backupList = defineServedVerb<RepositoryOption & MachineOption>({
  words: ['backup', 'list'],
  summary: 'list the recovery points, oldest first',
  flags: (command) => machineFlag(repositoryFlag(command)),
  served: ['--repository', '--machine'],
  async runBy(work, options) {
    const points = await work.listPoints(options);
    return { json: { points }, lines: points.length === 0 ? ['no recovery points'] : table(points) };
  },
});

function table(points: readonly PrintedPoint[]): string[] {
  // in this process they are of one repository, which the caller has named or knows
  const areMixed = new Set(points.map(({ repository }) => repository)).size > 1;
  return textTable(
    ['INSTANT', 'MACHINE', ...(areMixed ? ['REPOSITORY'] : []), 'KIND', 'STORED', 'DISKS', 'ID', ''],
    points.map((point) => [
      point.instant,
      point.machineName,
      ...(areMixed ? [point.repository] : []),
      point.kind,
      formatBytes(point.bytesStored),
      String(point.disks.length),
      point.id,
      [point.held ? 'held' : '', point.note ?? ''].filter((text) => text !== '').join(': '),
    ]),
  );
}
