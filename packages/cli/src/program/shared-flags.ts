import type { Command } from 'commander';
import { parseText } from './flag-values.ts';

/** `--repository`. */
export type RepositoryOption = { readonly repository?: string };
/** `--machine` or `--vm`. */
export type MachineOption = { readonly machine?: string };
/** `--backup-id`. */
export type BackupIdOption = { readonly backupId: string };

/** Adds `--repository R`. */
export function repositoryFlag(command: Command): Command {
  return command.option(
    '--repository <repository>',
    'PATH, local:PATH or a name from the configuration (default: the configured one, else the only one known)',
    parseText,
  );
}

/** Adds `--machine M` and its alias `--vm M`. */
export function machineFlag(command: Command, text = 'name or key of the machine'): Command {
  return command.option('--vm, --machine <machine>', text, parseText);
}

/** Adds `--backup-id B`, required. */
export function backupIdFlag(command: Command): Command {
  return command.requiredOption('--backup-id <id>', 'the recovery point', parseText);
}
