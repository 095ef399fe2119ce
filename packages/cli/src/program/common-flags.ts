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
  readonly serverUrl?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
};

/** `--server` of all verbs, under a name of its own: `vmware vms` has a flag of this name for its vCenter. */
class ServerOption extends Option {
  override attributeName(): string {
    return 'serverUrl';
  }
}

/** Adds the flags that every verb has. */
export function addCommonFlags(command: Command): Command {
  const level = new Option('--log-level <level>', 'what is logged on standard error')
    .choices(LOG_LEVELS)
    .default('warn');
  const here = command
    .option('--json', 'print one JSON object as the last line of standard output')
    .option('--config <file>', 'configuration file (default: ~/.config/sendense/config.json)', parseText)
    .option('--state-dir <folder>', 'folder of the catalog (default: ~/.local/state/sendense)', parseText)
    .addOption(level)
    .option('--log-json', 'log as JSON lines');
  return addServerFlags(here);
}

function addServerFlags(command: Command): Command {
  const server = new ServerOption(
    '--server <url>',
    'the server that does it instead of this process (default: SENDENSE_SERVER, else the configured one, else none)',
  ).argParser(parseText);
  const isTaken = command.options.some(({ long }) => long === server.long);
  return (isTaken ? command : command.addOption(server))
    .option(
      '--token-file <file>',
      'file with the API token for the server (default: the configured one, else SENDENSE_TOKEN, else a prompt)',
      parseText,
    )
    .option(
      '--ca-file <file>',
      'file with the authorities that its certificate is trusted by (default: SENDENSE_CA_FILE, else the configured one)',
      parseText,
    );
}
