import { type Finding, SendenseError } from '@sendense/core';
import { systemTimer, type Timer, withTimeout } from '@sendense/plugin-kit';
import { reconcileRecords } from './reconcile-records.ts';

/** What was left is mostly gone in less. */
const MOST_WAIT_MS = 10_000;
/** What did not answer is asked again after this: each mount would wait for it otherwise. */
const AGAIN_MS = 60_000;
/** What is true as long as nobody does anything about it. */
const LASTING: ReadonlySet<string> = new Set(['mount-not-removed', 'mount-unreadable']);

/** How one ended, whoever waited for it. */
type Ended = {
  readonly findings: readonly Finding[];
  readonly isStuck: boolean;
  readonly endedMs: number;
  isTold: boolean;
};

/** Those that go on, and the last one that ended, by the folder of all mounts. */
const goingOn = new Map<string, Promise<Ended>>();
const lastEnded = new Map<string, Ended>();

/** What it is done with; tests have their own. */
type Services = { readonly reconcile: typeof reconcileRecords; readonly timer: Timer };

/**
 * Does what `reconcileMounts` does before a mount begins, and gives its findings. What takes longer than ten seconds, as a program that does
 * not answer does, goes on beside the mount, which a finding tells; what it ended with is told to whoever mounts next, and it is not begun
 * again for a minute where something still did not answer. Whoever mounts meanwhile begins it no second time.
 */
export async function reconcileBeforeMount(
  directory: string,
  services: Services = { reconcile: reconcileRecords, timer: systemTimer },
): Promise<readonly Finding[]> {
  const { timer } = services;
  const last = lastEnded.get(directory);
  const isSoon = last?.isStuck === true && timer.monotonicMs() - last.endedMs < AGAIN_MS;
  if (last !== undefined && isSoon) return tell(last);
  const untold = last === undefined || last.isTold ? [] : tell(last);
  const going = goingOn.get(directory) ?? begin(directory, services);
  try {
    const ended = await withTimeout(() => going, MOST_WAIT_MS, { operation: 'reconcile-mounts', timer });
    return [...untold, ...tell(ended)];
  } catch (error) {
    if (!SendenseError.is(error, 'TIMEOUT')) throw error;
    return [...untold, stillGoingOn(directory)];
  }
}

function begin(directory: string, services: Services): Promise<Ended> {
  const going = endOf(directory, services).finally(() => goingOn.delete(directory));
  going.catch(() => undefined); // who waits for it is told
  goingOn.set(directory, going);
  return going;
}

async function endOf(directory: string, { reconcile, timer }: Services): Promise<Ended> {
  const { findings, isStuck } = await reconcile(directory);
  const ended = { findings, isStuck, endedMs: timer.monotonicMs(), isTold: false };
  lastEnded.set(directory, ended);
  return ended;
}

/** All of it once, then what lasts. */
function tell(ended: Ended): readonly Finding[] {
  const { findings, isTold } = ended;
  ended.isTold = true;
  return isTold ? findings.filter(({ code }) => LASTING.has(code)) : findings;
}

function stillGoingOn(directory: string): Finding {
  return {
    severity: 'warning',
    code: 'mount-not-removed',
    message: `what processes that died had mounted in ${directory} is still being taken away: a program or a disk of it does not answer`,
  };
}
