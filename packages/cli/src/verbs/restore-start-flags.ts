import type { DiskFormat, RestoreInto } from '@sendense/core';
import { type Command, Option } from 'commander';
import { collectText, parseBytes, parsePositive, parseText } from '../program/flag-values.ts';
import { DISK_FORMATS } from '../program/image-flags.ts';
import {
  type BackupIdOption,
  backupIdFlag,
  type RepositoryOption,
  repositoryFlag,
} from '../program/shared-flags.ts';

/** Options of `restore start`. */
export type RestoreStartOptions = RepositoryOption &
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

/** Adds the flags of `restore start`. */
export function restoreStartFlags(command: Command): Command {
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
