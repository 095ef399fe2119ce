import type { Command } from 'commander';
import { parseText } from './flag-values.ts';

/** `--job`. */
export type JobOption = { readonly job: string };

/** Adds `--job J`, required. */
export function jobFlag(command: Command): Command {
  return command.requiredOption('--job <id>', 'the job', parseText);
}
