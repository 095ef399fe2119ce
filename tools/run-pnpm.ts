import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type CommandResult, runCommand } from './run-command.ts';
import { root } from './workspace.ts';

/** Runs the pnpm that `package.json` pins; the bootstrap has put it into npm's cache, so no network is needed. */
export function runPnpm(args: readonly string[]): Promise<CommandResult> {
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    packageManager: string;
  };
  return runCommand('npx', ['-y', '--prefer-offline', manifest.packageManager, ...args]);
}
