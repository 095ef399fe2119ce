import { type SpawnSyncOptions, spawnSync } from 'node:child_process';

/** Runs a program to its end; what it printed is shown, on standard error, only when it failed. Tells whether it worked. */
export function runQuietly(
  program: string,
  args: readonly string[],
  options: Pick<SpawnSyncOptions, 'cwd' | 'env'> = {},
): boolean {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    ...options,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0)
    process.stderr.write(`${program}: ${error?.message ?? `ended with ${status}`}\n${stdout}${stderr}`);
  return status === 0;
}
