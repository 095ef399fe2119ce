import type { Consistency } from '@sendense/core';
import { type Command, Option } from 'commander';
import { collectText, parseBytes, parsePositive, parseText, parseUuid } from '../program/flag-values.ts';
import {
  machineFlag,
  passwordFlag,
  type RepositoryOption,
  type RetainOption,
  repositoryFlag,
  retainFlag,
} from '../program/shared-flags.ts';
import type { ConsistencyOptions } from '../session/asked-consistency.ts';
import type { PasswordOption } from '../session/vmware-account.ts';
import type { HookOptions } from '../session/with-hooks.ts';

/** Options of `backup start`. */
export type BackupStartOptions = RepositoryOption &
  RetainOption &
  ConsistencyOptions &
  PasswordOption &
  HookOptions & {
    readonly source?: readonly string[];
    readonly machine?: string;
    readonly machineId?: string;
    readonly parents?: readonly string[];
    readonly type: 'auto' | 'full' | 'incremental' | 'differential';
    readonly allowFull?: true;
    readonly excludeDisk?: readonly string[];
    readonly rate?: number;
    readonly parallel?: number;
    readonly note?: string;
    readonly dryRun?: true;
  };

function what(command: Command): Command {
  return passwordFlag(machineFlag(retainFlag(repositoryFlag(command))))
    .option(
      '--source <source>',
      'image:PATH (a file, or a folder of disks), qemu:QMP-SOCKET (a running machine), libvirt:DOMAIN, vmware://HOST/MACHINE, or a name from the configuration; may be repeated',
      collectText,
    )
    .option('--machine-id <uuid>', 'identity of the machine in the repository', parseUuid)
    .option('--parents <folder>', 'folder that backing files may lie in; may be repeated', collectText)
    .option(
      '--exclude-disk <disk>',
      'N, disk-N or the id of a disk to leave out; may be repeated',
      collectText,
    );
}

const LEVELS: readonly Consistency[] = ['crash', 'filesystem', 'application'];

function frozen(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--consistency <level>',
        'what the disks are to be at the instant; beyond crash the guest is frozen',
      )
        .choices(LEVELS)
        .default('crash'),
    )
    .addOption(
      new Option(
        '--accept-consistency <level>',
        'the weakest that is accepted, and told, where the wanted one cannot be had; by default the wanted one',
      ).choices(LEVELS),
    )
    .option('--pre-freeze <command>', 'run in a shell before the instant is taken', parseText)
    .option('--post-freeze <command>', 'run in a shell after the instant is taken', parseText);
}

function how(command: Command): Command {
  return command
    .addOption(
      new Option('--type <type>', 'what to make')
        .choices(['auto', 'full', 'incremental', 'differential'])
        .default('auto'),
    )
    .option('--allow-full', 'with --type incremental: make a full, and say why, where it can only be full')
    .option('--rate <bytes>', 'most bytes a second, e.g. 50M', parseBytes)
    .option('--parallel <n>', 'disks, and machines, at once', parsePositive);
}

function finish(command: Command): Command {
  return command
    .option('--note <text>', 'a sentence kept with the point', parseText)
    .option('--dry-run', 'tell full or incremental, why, and how many bytes; change nothing');
}

/** Adds the flags of `backup start`. */
export function backupStartFlags(command: Command): Command {
  return finish(frozen(how(what(command))));
}
