import type { VimDatastore } from './read-datastore.ts';

/**
 * Kinds of datastores that hold disks as objects, or as memory of a host (API reference, `HostFileSystemVolumeFileSystemType`), in
 * small letters: servers and their documents do not agree on the others.
 */
const WITHOUT_FILES: ReadonlySet<string> = new Set(['vsan', 'vsand', 'vvol', 'pmem']);

/** Whether the bytes of disks lie in files of a datastore, which can be read and put there. A kind that is not known has files. */
export function hasFiles({ type }: Pick<VimDatastore, 'type'>): boolean {
  return !WITHOUT_FILES.has(type.toLowerCase());
}
