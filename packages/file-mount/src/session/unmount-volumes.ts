import { sep } from 'node:path';
import { type Finding, SendenseError } from '@sendense/core';
import { needProgram } from '../programs/find-program.ts';
import { runProgram } from '../programs/run-program.ts';
import { loopDevices } from '../system/loop-devices.ts';
import { type MountEntry, readMountTable } from '../system/mount-table.ts';
import { findWay } from '../volumes/find-way.ts';
import { mountVolume } from '../volumes/mount-volume.ts';
import { type MountRecord, sessionPaths } from './mount-record.ts';

/** The folders that show the files of a mount now, the last one first. What others mounted there since is none of ours. */
async function shownVolumes(directory: string, record: MountRecord): Promise<readonly string[]> {
  const { folder } = sessionPaths(directory, record.id);
  const targets = new Set(record.volumes.map(({ target }) => target));
  const loops = await loopDevices();
  const isOurs = ({ path, source }: MountEntry) => {
    const file = loops.find(({ device }) => device === source)?.file ?? source;
    return targets.has(path) && file.startsWith(`${folder}${sep}`);
  };
  const table = await readMountTable();
  return table
    .filter(isOurs)
    .map(({ path }) => path)
    .toReversed();
}

/**
 * Unmounts the volumes of a mount. Rejects with `LOCKED` where somebody has something open in one, and all are shown still. With `force`
 * such a one vanishes from the folders at once and ends with its last user, which the findings tell.
 */
export async function unmountVolumes(
  directory: string,
  record: MountRecord,
  force: boolean,
): Promise<readonly Finding[]> {
  const targets = await shownVolumes(directory, record);
  if (targets.length === 0) return [];
  const umount = await needProgram('umount', 'mount');
  const findings: Finding[] = [];
  const unmounted: string[] = [];
  for (const target of targets) {
    const { code, said } = await runProgram(umount, [target]);
    if (code !== 0 && (await shownVolumes(directory, record)).includes(target)) {
      if (!force) {
        await showAgain(record, unmounted);
        throw inUse(target, said);
      }
      await runProgram(umount, ['--lazy', target]);
      findings.push(stillInUse(target));
    }
    unmounted.push(target);
  }
  return findings;
}

/** Half a mount would look like one whose files are gone. */
async function showAgain({ volumes }: MountRecord, unmounted: readonly string[]): Promise<void> {
  for (const { fileSystem, file, target } of volumes) {
    const way = await findWay(fileSystem);
    if (unmounted.includes(target) && way.missing === undefined) await mountVolume(way, file, target);
  }
}

function inUse(target: string, said: string): SendenseError {
  return new SendenseError('LOCKED', `${target} cannot be unmounted: ${said}`, {
    operation: 'unmount-point',
    remedy: `close what is open below it (fuser -vm ${target} tells who has), or unmount it by force`,
    context: { target },
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
