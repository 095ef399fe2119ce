import { type Command, Option } from 'commander';
import { LOG_LEVELS, type LogLevel } from '../output/log-lines.ts';
import { parseText } from './flag-values.ts';

/** Flags that every verb has. */
export type CommonOptions = {
  readonly json?: true;
  readonly config?: string;
  readonly stateDir?: string;
  readonly logLevel: LogLevel;
  readonly logJson?: true;
};

/** Adds the flags that every verb has. */
export function addCommonFlags(command: Command): Command {
  return command
    .option('--json', 'print one JSON object as the last line of standard output')
    .option('--config <file>', 'configuration file (default: ~/.config/sendense/config.json)', parseText)
    .option('--state-dir <folder>', 'folder of the catalog (default: ~/.local/state/sendense)', parseText)
    .addOption(
      new Option('--log-level <level>', 'what is logged on standard error')
        .choices(LOG_LEVELS)
        .default('warn'),
    )
    .option('--log-json', 'log as JSON lines');
}
