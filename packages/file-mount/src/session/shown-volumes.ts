import { sep } from 'node:path';
import { type LoopDevice, loopDevices } from '../system/loop-devices.ts';
import { type MountEntry, readMountTable } from '../system/mount-table.ts';
import { type MountRecord, sessionPaths } from './mount-record.ts';

/** A volume of a mount as the system shows it now. */
export type ShownVolume = {
  readonly target: string;
  /** The folder over which somebody else mounted something since, so that `target` leads there. */
  readonly coveredAt: string | undefined;
  /** Folders of the volume in which somebody else mounted something since. */
  readonly inside: readonly string[];
};

/** What the kernel says of a file behind a loop device once the file is mounted nowhere any more: its daemon went first. */
const NAMELESS = '/';

/** What is shown of a mount now, the last one first. What others mounted since is none of ours. */
export async function shownVolumes(directory: string, record: MountRecord): Promise<readonly ShownVolume[]> {
  const { folder } = sessionPaths(directory, record.id);
  const targets = new Set(record.volumes.map(({ target }) => target));
  // devices first: one that comes between belongs to a mount that is not in question yet
  const devices = await loopDevices();
  const table = await readMountTable();
  const isOurs = (entry: MountEntry) => targets.has(entry.path) && showsFileOf(folder, entry, devices);
  return table
    .flatMap((entry, index) => {
      if (!isOurs(entry)) return [];
      const later = table.slice(index + 1).filter((other) => !isOurs(other));
      return [shownAs(entry.path, later)];
    })
    .toReversed();
}

function showsFileOf(folder: string, { source }: MountEntry, devices: readonly LoopDevice[]): boolean {
  const behind = devices.find(({ device }) => device === source)?.file;
  return behind === NAMELESS || (behind ?? source).startsWith(`${folder}${sep}`);
}

/** `later`: what others mounted after it, in that order. */
function shownAs(target: string, later: readonly MountEntry[]): ShownVolume {
  const paths = later.map(({ path }) => path);
  return {
    target,
    coveredAt: paths.findLast((path) => target === path || target.startsWith(`${path}${sep}`)),
    inside: paths.filter((path) => path.startsWith(`${target}${sep}`)),
  };
}
