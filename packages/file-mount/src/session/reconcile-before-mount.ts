import { type Finding, SendenseError } from '@sendense/core';
import { systemTimer, type Timer, withTimeout } from '@sendense/plugin-kit';
import { reconcileMounts } from './reconcile-mounts.ts';

/** What was left is mostly gone in less. */
const MOST_WAIT_MS = 10_000;

/** Those that go on, by the folder of all mounts. */
const goingOn = new Map<string, Promise<readonly Finding[]>>();

/** What it is done with; tests have their own. */
type Services = { readonly reconcile: typeof reconcileMounts; readonly timer: Timer };

/**
 * Does `reconcileMounts` before a mount begins, and gives its findings. What takes longer than ten seconds, as a program that does not
 * answer does, goes on beside the mount, which a finding tells; whoever mounts meanwhile begins it no second time.
 */
export async function reconcileBeforeMount(
  directory: string,
  { reconcile, timer }: Services = { reconcile: reconcileMounts, timer: systemTimer },
): Promise<readonly Finding[]> {
  const going = goingOn.get(directory) ?? begin(directory, reconcile);
  try {
    return await withTimeout(() => going, MOST_WAIT_MS, { operation: 'reconcile-mounts', timer });
  } catch (error) {
    if (!SendenseError.is(error, 'TIMEOUT')) throw error;
    return [stillGoingOn(directory)];
  }
}

function begin(directory: string, reconcile: Services['reconcile']): Promise<readonly Finding[]> {
  const going = findingsOf(directory, reconcile).finally(() => goingOn.delete(directory));
  going.catch(() => undefined); // who waits for it is told
  goingOn.set(directory, going);
  return going;
}

async function findingsOf(directory: string, reconcile: Services['reconcile']): Promise<readonly Finding[]> {
  return (await reconcile(directory)).findings;
}

function stillGoingOn(directory: string): Finding {
  return {
    severity: 'warning',
    code: 'mount-not-removed',
    message: `what processes that died had mounted in ${directory} is still being taken away: a program or a disk of it does not answer`,
  };
}
