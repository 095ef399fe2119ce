import type { Command } from 'commander';
import { parseSpan, parseText } from './flag-values.ts';

/** `--repository` and what opens it. */
export type RepositoryOption = { readonly repository?: string } & PassphraseOption;
/** `--retain`, in milliseconds. */
export type RetainOption = { readonly retain?: number };
/** `--passphrase-file`. */
export type PassphraseOption = { readonly passphraseFile?: string };
/** `--machine` or `--vm`. */
export type MachineOption = { readonly machine?: string };
/** `--backup-id`. */
export type BackupIdOption = { readonly backupId: string };

/** What may stand behind a flag that names a repository. */
export const REPOSITORY_FORMS =
  'PATH or local:PATH (QCOW2 chains), dir:PATH, s3://BUCKET/PREFIX, azure://ACCOUNT/CONTAINER/PREFIX (objects) or a name from the configuration';

/** Adds `--repository R` and `--passphrase-file FILE`. */
export function repositoryFlag(command: Command): Command {
  return passphraseFlag(
    command.option(
      '--repository <repository>',
      `${REPOSITORY_FORMS} (default: the configured one, else the only one known)`,
      parseText,
    ),
  );
}

/** Adds `--retain TIME`, for what makes points. */
export function retainFlag(command: Command): Command {
  return command.option(
    '--retain <time>',
    'object repositories: how long nobody can delete the points that are made now, e.g. 30d; needs object lock (default: as the repository was made)',
    parseSpan,
  );
}

/** Adds `--passphrase-file FILE`. */
export function passphraseFlag(command: Command): Command {
  return command.option(
    '--passphrase-file <file>',
    'file with the passphrase of an object repository (default: SENDENSE_PASSPHRASE, else a prompt)',
    parseText,
  );
}

/** Adds `--password-file FILE`. */
export function passwordFlag(command: Command): Command {
  return command.option(
    '--password-file <file>',
    'file with the password of the vSphere user (default: SENDENSE_VMWARE_PASSWORD, else a prompt)',
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
