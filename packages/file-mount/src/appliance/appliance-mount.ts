import { mountWays } from '../volumes/mount-ways.ts';

/** The one disk of an appliance. */
const DEVICE = '/dev/sda';

/**
 * What guestmount(1) is to mount (`-m`) of a disk with this file system and nothing else; `undefined` where it is not asked for one. The
 * kernel of the appliance mounts as that of this machine does, but for the loop device.
 */
export function applianceMount(fileSystem: string | null): string | undefined {
  const way = mountWays(fileSystem).find(({ type }) => type !== undefined);
  if (way?.type === undefined) return undefined;
  const options = way.options.filter((option) => option !== 'loop');
  return [DEVICE, '/', options.join(','), way.type].join(':');
}
