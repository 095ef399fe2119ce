import { type Finding, SendenseError } from '@sendense/core';
import { needProgram } from '../programs/find-program.ts';
import { runProgram } from '../programs/run-program.ts';
import type { MountRecord } from './mount-record.ts';
import { showAgain } from './show-again.ts';
import { type ShownVolume, shownVolumes } from './shown-volumes.ts';

/**
 * Unmounts the volumes of a mount. Rejects with `LOCKED` where somebody has something open in one, and all are shown still. With `force`
 * such a one vanishes from the folders at once and ends with its last user, which the findings tell. What somebody else mounted over one
 * is never unmounted: `LOCKED` also with `force`, and the others are gone then.
 */
export async function unmountVolumes(
  directory: string,
  record: MountRecord,
  force: boolean,
): Promise<readonly Finding[]> {
  const volumes = await shownVolumes(directory, record);
  if (volumes.length === 0) return [];
  const unmounting: Unmounting = { directory, record, umount: await needProgram('umount', 'mount') };
  if (force) return unmountByForce(unmounting, volumes);
  await unmountUnlessUsed(unmounting, volumes);
  return [];
}

type Unmounting = { readonly directory: string; readonly record: MountRecord; readonly umount: string };

async function unmountUnlessUsed(unmounting: Unmounting, volumes: readonly ShownVolume[]): Promise<void> {
  const unmounted: string[] = [];
  for (const { target } of volumes) {
    const failure = await unmount(unmounting, target);
    if (failure !== undefined) throw await showAgain(unmounting.record, unmounted, failure);
    unmounted.push(target);
  }
}

async function unmountByForce(
  unmounting: Unmounting,
  volumes: readonly ShownVolume[],
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const failures: SendenseError[] = [];
  for (const { target } of volumes) {
    if ((await unmount(unmounting, target)) === undefined) continue;
    const inside = (await shownAt(unmounting, target))?.inside ?? [];
    const failure = await unmount(unmounting, target, '--lazy');
    if (failure === undefined) findings.push(stillInUse(target), ...inside.map(wentAlong));
    else failures.push(failure);
  }
  if (failures[0] !== undefined) throw failures[0];
  return findings;
}

/** Why a volume is shown still; `undefined`: it is not. */
async function unmount(
  unmounting: Unmounting,
  target: string,
  ...options: readonly string[]
): Promise<SendenseError | undefined> {
  const shown = await shownAt(unmounting, target);
  if (shown === undefined) return undefined;
  if (shown.coveredAt !== undefined) return covered(target, shown.coveredAt);
  try {
    const { said } = await runProgram(unmounting.umount, [...options, target]);
    return (await shownAt(unmounting, target)) === undefined ? undefined : inUse(target, said);
  } catch (error) {
    if (SendenseError.is(error)) return error;
    throw error;
  }
}

async function shownAt({ directory, record }: Unmounting, target: string): Promise<ShownVolume | undefined> {
  return (await shownVolumes(directory, record)).find((shown) => shown.target === target);
}

function inUse(target: string, said: string): SendenseError {
  return new SendenseError('LOCKED', `${target} cannot be unmounted: ${said}`, {
    operation: 'unmount-point',
    remedy: `close what is open below it (fuser -vm ${target} tells who has), or unmount it by force`,
    context: { target },
  });
}

function covered(target: string, at: string): SendenseError {
  return new SendenseError('LOCKED', `${target} cannot be unmounted: something else is mounted over ${at}`, {
    operation: 'unmount-point',
    remedy: `unmount that first (umount ${at})`,
    context: { target, coveredAt: at },
  });
}

function stillInUse(target: string): Finding {
  return {
    severity: 'warning',
    code: 'mount-in-use',
    message: `${target} was in use: files that are still open there give errors from now on`,
    object: target,
  };
}

function wentAlong(path: string): Finding {
  return {
    severity: 'warning',
    code: 'mount-went-along',
    message: `what somebody else had mounted at ${path}, inside the files of the backup, went with them`,
    object: path,
  };
}
