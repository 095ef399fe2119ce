import type { Interceptor } from './memory-store.ts';

/** What every operation rejects with once the process is dead. */
class ProcessDied extends Error {}

/** Where a process dies: at which of its operations, and whether that one still happens, unheard. */
export type Cut = { readonly at: number; readonly happens: boolean };

/** A process that lives. */
const NO_CUT: Cut = { at: Number.POSITIVE_INFINITY, happens: false };

/** The two ways to die at an operation, as `it.each` takes them. */
export const WAYS_TO_DIE = [
  ['does not happen', false],
  ['happens unheard', true],
] as const;

/** Runs a process until it dies; gives how many operations it began. Rejects with what it failed with before. */
export async function runUntil(cut: Cut, run: (intercept: Interceptor) => Promise<unknown>): Promise<number> {
  let operations = 0;
  const intercept: Interceptor = async (_, operation) => {
    operations += 1;
    if (operations < cut.at || (operations === cut.at && cut.happens)) operation();
    if (operations >= cut.at) throw new ProcessDied(`cut at ${operations}`);
  };
  try {
    await run(intercept);
  } catch (error) {
    if (operations < cut.at) throw error;
  }
  return operations;
}

/** Plays once without a cut, then once for each operation of that play; gives how many cuts there were. */
export async function cutEverywhere(
  what: string,
  happens: boolean,
  play: (cut: Cut) => Promise<number>,
): Promise<number> {
  const operations = await play(NO_CUT);
  for (let at = 1; at <= operations; at += 1)
    await play({ at, happens }).catch((cause: unknown) => {
      throw new Error(`cut at operation ${at} of ${operations}`, { cause });
    });
  process.stdout.write(`object repository, ${what}: ${operations} cuts\n`);
  return operations;
}
