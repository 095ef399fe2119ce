import { type Call, SendenseError } from '@sendense/core';
import type { ByteSource, NamedSource } from '../bytes/byte-source.ts';
import { notSupported } from '../bytes/damage.ts';
import { type BtrfsSuperblock, type FoundSuperblock, readSuperblock } from './superblock.ts';

/** The devices of a file system that are among the disks of a point, by their numbers. */
export type Devices = ReadonlyMap<number, ByteSource>;

/** A file system over several devices. */
export type DeviceSet = {
  readonly devices: Devices;
  /** The newest of all. */
  readonly superblock: BtrfsSuperblock;
  readonly faults: readonly string[];
};

/**
 * The devices of the file system that `source` is a device of: itself, and what of `volumes` belongs to it. It is shown at the first
 * of them: rejects with `FORMAT_UNSUPPORTED` for another one, and where `found` asks for what is not read.
 */
export async function findDevices(
  source: ByteSource,
  found: FoundSuperblock,
  volumes: readonly NamedSource[],
  call?: Call,
): Promise<DeviceSet> {
  const { superblock, faults } = found;
  if (superblock.devices === 1)
    return { devices: new Map([[superblock.device, source]]), superblock, faults };
  const members = await findMembers(superblock, volumes, call);
  const first = members[0];
  if (first !== undefined && first.source !== source)
    throw notSupported(
      `it is device ${superblock.device} of a btrfs file system of ${superblock.devices} devices, which is shown at volume ${first.id}`,
    );
  return combine(superblock, members);
}

/** A volume that is a device of a file system. */
type Member = NamedSource & { readonly found: FoundSuperblock };

async function findMembers(
  { uuid }: BtrfsSuperblock,
  volumes: readonly NamedSource[],
  call: Call | undefined,
): Promise<Member[]> {
  const members: Member[] = [];
  for (const volume of volumes) {
    const found = await superblockOf(volume.source, call);
    if (found?.superblock.uuid === uuid) members.push({ ...volume, found });
  }
  return members;
}

async function superblockOf(
  source: ByteSource,
  call: Call | undefined,
): Promise<FoundSuperblock | undefined> {
  try {
    return await readSuperblock(source, call);
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT') && !SendenseError.is(error, 'FORMAT_UNSUPPORTED')) throw error;
    return undefined;
  }
}

function combine(superblock: BtrfsSuperblock, members: readonly Member[]): DeviceSet {
  const devices = new Map<number, ByteSource>();
  const faults: string[] = [];
  const newest = members.reduce(
    (best, { found }) => (found.superblock.generation > best.generation ? found.superblock : best),
    superblock,
  );
  for (const { id, source, found } of members) {
    const { device, generation } = found.superblock;
    faults.push(...found.faults.map((fault) => `${fault} on volume ${id}`));
    if (devices.has(device)) {
      faults.push(`volume ${id} is not used: another one is device ${device} as well`);
      continue;
    }
    devices.set(device, source);
    if (generation < newest.generation) faults.push(`what volume ${id} holds is older than the rest of it`);
  }
  if (devices.size < newest.devices)
    faults.push(
      `${newest.devices - devices.size} of its ${newest.devices} devices are not among the disks of this point`,
    );
  return { devices, superblock: newest, faults };
}
