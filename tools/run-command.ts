import { spawn } from 'node:child_process';
import { root } from './workspace.ts';

/** How a command ended, with everything it printed. */
export interface CommandResult {
  readonly ok: boolean;
  /** Standard output and standard error in the order they came. */
  readonly output: string;
}

/**
 * Runs a command to its end and collects what it prints; never rejects. `folder` defaults to the checkout; `environment`
 * is added to ours.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  folder = root,
  environment: NodeJS.ProcessEnv = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    const finish = (ok: boolean) => resolve({ ok, output: Buffer.concat(chunks).toString() });
    child.once('error', (error) => {
      chunks.push(Buffer.from(`${command}: ${error.message}\n`));
      finish(false);
    });
    child.once('close', (code) => finish(code === 0));
  });
}

/** Runs every command; fails when any does, with the outputs of the failing ones. */
export function allOf(results: readonly CommandResult[]): CommandResult {
  const failed = results.filter((result) => !result.ok);
  return { ok: failed.length === 0, output: failed.map((result) => result.output).join('\n') };
}
