import { spawn } from 'node:child_process';
import { SendenseError } from '@sendense/core';
import type { Host } from '../host.ts';

function failure(flag: string, why: string): SendenseError {
  return new SendenseError('QUIESCE_FAILED', `the ${flag} command ${why}`, {
    operation: 'run-hook',
    remedy: 'run the command by hand to see what is wrong with it, or leave the flag out',
  });
}

/**
 * Runs a command of the user in a shell. What it prints goes to standard error. Throws `QUIESCE_FAILED` when it does
 * not end with 0. `signal` ends the command too.
 */
export function runHook(flag: string, command: string, host: Host, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'], signal });
    child.stdout.on('data', (text: Buffer) => void host.stderr.write(text.toString()));
    child.stderr.on('data', (text: Buffer) => void host.stderr.write(text.toString()));
    child.on('error', (error) => reject(failure(flag, `could not be run: ${error.message}`)));
    child.on('close', (code, killedBy) => {
      if (code === 0) resolve();
      else reject(failure(flag, code === null ? `was ended by ${killedBy}` : `ended with code ${code}`));
    });
  });
}
