import { type Call, SendenseError } from '@sendense/core';
import type { ByteSource, NamedSource } from '../bytes/byte-source.ts';
import { notSupported } from '../bytes/damage.ts';
import { type BtrfsSuperblock, type FoundSuperblock, readSuperblock } from './superblock.ts';

/** A device of a file system; where what it holds is older than what others hold, it is read last. */
export type Device = { readonly source: ByteSource; readonly isStale: boolean };

/** The devices of a file system that are among the disks of a point, by their numbers. */
export type Devices = ReadonlyMap<number, Device>;

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
  const members = await findMembers(superblock, volumes, call);
  if (isAlone(superblock, members))
    return { devices: new Map([[superblock.device, { source, isStale: false }]]), superblock, faults };
  const used = newestOfEach(members);
  const [first] = used;
  if (first !== undefined && first.source !== source)
    throw notSupported(
      `it is device ${superblock.device} of a btrfs file system of ${newestOf(superblock, used).devices} devices, which is shown at volume ${first.id}`,
    );
  return combine(superblock, members, used);
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

/** Whether a device is the only one: one from before others were added says so too, and is told by a newer one of these. */
function isAlone(own: BtrfsSuperblock, members: readonly Member[]): boolean {
  const knowsMore = ({ found: { superblock } }: Member): boolean =>
    superblock.devices > 1 && superblock.generation > own.generation;
  return own.devices === 1 && !members.some(knowsMore);
}

/** Of several that are one device, as where a disk was copied, the first of the highest generation. */
function newestOfEach(members: readonly Member[]): Member[] {
  const best = new Map<number, Member>();
  for (const member of members) {
    const { device, generation } = member.found.superblock;
    const other = best.get(device);
    if (other === undefined || generation > other.found.superblock.generation) best.set(device, member);
  }
  return members.filter((member) => best.get(member.found.superblock.device) === member);
}

function combine(
  superblock: BtrfsSuperblock,
  members: readonly Member[],
  used: readonly Member[],
): DeviceSet {
  const newest = newestOf(superblock, used);
  const isStale = ({ found }: Member): boolean => found.superblock.generation < newest.generation;
  const devices = new Map(
    used.map((member) => [
      member.found.superblock.device,
      { source: member.source, isStale: isStale(member) },
    ]),
  );
  const faults = members.flatMap((member) => [
    ...member.found.faults.map((fault) => `${fault} on volume ${member.id}`),
    ...(used.includes(member) ? [] : [notUsed(member)]),
    ...(used.includes(member) && isStale(member)
      ? [`what volume ${member.id} holds is older than the rest of it`]
      : []),
  ]);
  const missing = newest.devices - devices.size;
  if (missing > 0)
    faults.push(`${missing} of its ${newest.devices} devices are not among the disks of this point`);
  return { devices, superblock: newest, faults };
}

function newestOf(superblock: BtrfsSuperblock, used: readonly Member[]): BtrfsSuperblock {
  return used.reduce(
    (best, { found }) => (found.superblock.generation > best.generation ? found.superblock : best),
    superblock,
  );
}

function notUsed({ id, found }: Member): string {
  return `volume ${id} is not used: another one is device ${found.superblock.device} as well`;
}
