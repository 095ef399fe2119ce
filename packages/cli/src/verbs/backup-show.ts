import type { Json } from '@sendense/core';
import { describePoint, type PrintedPoint } from '../output/describe-point.ts';
import { formatBytes } from '../output/human-size.ts';
import {
  type BackupIdOption,
  backupIdFlag,
  type RepositoryOption,
  repositoryFlag,
} from '../program/shared-flags.ts';
import { findPoint, readPoints } from '../session/find-points.ts';
import { openRepository } from '../session/open-repository.ts';
import { defineVerb } from '../verb.ts';

/** `backup show` */
export const backupShow = defineVerb<RepositoryOption & BackupIdOption>({
  words: ['backup', 'show'],
  summary: 'show one recovery point with its machine',
  flags: (command) => backupIdFlag(repositoryFlag(command)),
  async run(session, options) {
    const { repository, path } = await openRepository(session, options);
    const point = findPoint(await readPoints(repository, session.call), options.backupId);
    const printed = describePoint(point, path);
    // a machine specification is plain JSON by its schema; the round trip leaves out absent fields
    const spec: Json = JSON.parse(JSON.stringify(point.spec));
    return { json: { ...printed, spec }, lines: describe(printed) };
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
