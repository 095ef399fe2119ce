import { join, resolve } from 'node:path';
import type { Host } from '../host.ts';

/** The configuration file: `--config`, else `SENDENSE_CONFIG`, else `~/.config/sendense/config.json`. */
export function configFile(host: Host, flag: string | undefined): { path: string; named: boolean } {
  const named = flag ?? nonEmpty(host.env.SENDENSE_CONFIG);
  if (named !== undefined) return { path: resolve(host.workingDirectory, named), named: true };
  const base = nonEmpty(host.env.XDG_CONFIG_HOME) ?? join(host.homeDirectory, '.config');
  return { path: join(base, 'sendense', 'config.json'), named: false };
}

/** The state folder: `--state-dir`, else `SENDENSE_STATE_DIR`, the configuration, `~/.local/state/sendense`. */
export function stateDirectory(host: Host, flag: string | undefined, configured: string | undefined): string {
  const named = flag ?? nonEmpty(host.env.SENDENSE_STATE_DIR) ?? configured;
  if (named !== undefined) return resolve(host.workingDirectory, named);
  const base = nonEmpty(host.env.XDG_STATE_HOME) ?? join(host.homeDirectory, '.local', 'state');
  return join(base, 'sendense');
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
