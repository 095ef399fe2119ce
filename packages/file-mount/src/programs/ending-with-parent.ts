import { SendenseError } from '@sendense/core';
import { findProgram } from './find-program.ts';
import { runProgram } from './run-program.ts';

const OPTIONS = ['--pdeathsig', 'KILL', '--'] as const;
/** It does nothing but start another program. */
const MOST_TRY_MS = 5_000;

/** Whether each `setpriv` that was found knows what is asked of it: that of BusyBox does not. */
const known = new Map<string, boolean>();

/**
 * A program and its arguments, run so that the kernel kills it when this process is killed (`setpriv` of util-linux, where it is): without
 * its server it has nothing to show, and whoever waits for its files, be it a thread of this process, would wait on.
 */
export async function endingWithParent(
  program: string,
  args: readonly string[],
): Promise<[string, string[]]> {
  const setpriv = await findProgram('setpriv');
  if (setpriv === undefined || !(await isOfUse(setpriv))) return [program, [...args]];
  return [setpriv, [...OPTIONS, program, ...args]];
}

/** Tried once; one that was too slow to tell, or could not be started, is tried again the next time. */
async function isOfUse(setpriv: string): Promise<boolean> {
  try {
    const isKnown =
      known.get(setpriv) ?? (await runProgram(setpriv, [...OPTIONS, 'true'], MOST_TRY_MS)).code === 0;
    known.set(setpriv, isKnown);
    return isKnown;
  } catch (error) {
    if (SendenseError.is(error)) return false;
    throw error;
  }
}
