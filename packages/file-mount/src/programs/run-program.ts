import { spawn } from 'node:child_process';
import { SendenseError } from '@sendense/core';
import { processEnvironment, withTimeout } from '@sendense/plugin-kit';

/** How a program ended: its exit code, `null` where a signal ended it, and the end of what it said. */
export type ProgramEnd = { readonly code: number | null; readonly said: string };

const KEPT_CHARACTERS = 2000;
/** Mounting reads little; a disk that is slower than this is not to be waited for. */
const MOST_MS = 60_000;

/**
 * Runs a program of the system to its end, in a process group of its own: a signal to this one is not meant for it. Rejects with `TIMEOUT`
 * after a minute, or `mostMs`: it is killed then, and let go of, as one that waits for a dead disk in the kernel is not ended by that.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  mostMs: number = MOST_MS,
): Promise<ProgramEnd> {
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: processEnvironment().PATH, LC_ALL: 'C.UTF-8' },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-KEPT_CHARACTERS);
    });
  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    child.once('error', (error) => reject(notStarted(program, error)));
    child.once('close', (code) => resolve({ code, said: said.trim() }));
  });
  try {
    return await withTimeout(() => ended, mostMs, { operation: 'run-program' });
  } catch (error) {
    child.kill('SIGKILL');
    child.unref();
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
    throw error;
  }
}

function notStarted(program: string, cause: Error): SendenseError {
  return new SendenseError('UNSUPPORTED', `${program} could not be started: ${cause.message}`, {
    operation: 'run-program',
    cause,
    context: { program },
  });
}
