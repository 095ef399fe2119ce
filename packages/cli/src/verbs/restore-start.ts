import { randomUUID } from 'node:crypto';
import { type DiskFormat, jobId, type RestoreInto } from '@sendense/core';
import { serializeRestorePlaces, targetNameOf } from '@sendense/quickstart';
import { type Command, Option } from 'commander';
import { describeRestore, restoreLines } from '../output/describe-restore.ts';
import { collectText, parseBytes, parsePositive, parseText } from '../program/flag-values.ts';
import { DISK_FORMATS } from '../program/image-flags.ts';
import {
  type BackupIdOption,
  backupIdFlag,
  type RepositoryOption,
  repositoryFlag,
} from '../program/shared-flags.ts';
import { findPoint, readPoints } from '../session/find-points.ts';
import { openEngine } from '../session/open-engine.ts';
import { openRepository } from '../session/open-repository.ts';
import { openTarget } from '../session/open-target.ts';
import { runRestore } from '../session/run-restore.ts';
import { defineVerb } from '../verb.ts';

type Options = RepositoryOption &
  BackupIdOption & {
    readonly target?: string;
    readonly format?: DiskFormat;
    readonly disk?: readonly string[];
    readonly overwrite?: true;
    readonly into?: RestoreInto;
    readonly start?: true;
    readonly verify: boolean;
    readonly rate?: number;
    readonly parallel?: number;
  };

function flags(command: Command): Command {
  return backupIdFlag(repositoryFlag(command))
    .option(
      '--target <target>',
      'image:FILE (one disk), image:FOLDER/ (several), ova:FILE.ova or ova:FOLDER/ (a package), libvirt:NAME or vmware://HOST/NAME (a machine), or a name from the configuration',
      parseText,
    )
    .addOption(new Option('--format <format>', 'format of the image files').choices(DISK_FORMATS))
    .option('--disk <disk>', 'N or disk-N: only this disk; may be repeated', collectText)
    .option('--overwrite', 'replace what is there')
    .addOption(
      new Option(
        '--into <what>',
        'what is made of the point (default: a machine where the target has them)',
      ).choices(['new-machine', 'disks-only', 'existing-disks']),
    )
    .option('--start', 'start the machine')
    .option('--no-verify', 'do not read the target back')
    .option('--rate <bytes>', 'most bytes a second, e.g. 50M', parseBytes)
    .option('--parallel <n>', 'disks at once', parsePositive);
}

/** `restore start` */
export const restoreStart = defineVerb<Options>({
  words: ['restore', 'start'],
  summary: 'write the disks of a recovery point to a target and read them back',
  flags,
  async run(session, options) {
    const { repository, protect, location } = await openRepository(session, options);
    const point = findPoint(await readPoints(repository, session.call), options.backupId);
    const { target: name, format } = options;
    const { target, place } = await openTarget(session, { name, format, protect });
    const engine = await openEngine(session, { target: targetNameOf(place) });
    const job = jobId(randomUUID());
    const request = {
      jobId: job,
      repository,
      point: point.id,
      target,
      overwrite: options.overwrite === true,
      verify: options.verify,
      start: options.start === true,
      host: serializeRestorePlaces({ repository: location, target: place }),
      ...(options.into === undefined ? {} : { into: options.into }),
      ...(options.disk === undefined ? {} : { disks: options.disk }),
      ...(options.rate === undefined ? {} : { rateBytesPerSecond: options.rate }),
      ...(options.parallel === undefined ? {} : { parallelDisks: options.parallel }),
    };
    const result = await runRestore(engine, job, () => engine.restore(request, session.call));
    return { json: describeRestore(result, place.path), lines: restoreLines(result, place.path) };
  },
});
