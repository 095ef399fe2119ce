import { type Call, type Finding, type PointReader, SendenseError } from '@sendense/core';
import type { OpenVolume } from '@sendense/file-restore';
import type { Closer } from '@sendense/plugin-kit';
import { mountPoint } from '../session/mount-point.ts';
import type { MountedPoint } from '../session/mounted-point.ts';
import { mountWays } from '../volumes/mount-ways.ts';
import type { VolumeOffer } from './choose-way.ts';
import type { FilesSettings } from './files-options.ts';
import { MountedFolder } from './mounted-folder.ts';
import { MountedReader } from './mounted-reader.ts';
import { ReadFailures } from './read-failures.ts';

/** What mounting has for volumes, by id, and what was told of mounts before. */
export type MountedOffers = {
  readonly offers: ReadonlyMap<string, VolumeOffer>;
  readonly findings: readonly Finding[];
};

/** What this machine or its user lacks, or another mount holds up: the volumes have another way, or none. */
const LACKS = ['UNSUPPORTED', 'PERMISSION_DENIED', 'FORMAT_UNSUPPORTED', 'LOCKED', 'TIMEOUT'] as const;

/**
 * Mounts volumes of a point to read them; all of it ends with `closer`. Of those that cannot be mounted it tells why, but rejects where the
 * backup could not be read meanwhile, as what is read in process does. `reader` stays the caller's.
 */
export async function mountForReading(
  closer: Closer,
  reader: PointReader,
  wanted: readonly OpenVolume[],
  { trustImage, directory }: FilesSettings,
  call?: Call,
): Promise<MountedOffers> {
  const offers = new Map<string, VolumeOffer>();
  for (const open of wanted) {
    const why = obstacleTo(open, trustImage);
    if (why !== undefined) offers.set(open.volume.id, { why });
  }
  const ids = wanted.map(({ volume }) => volume.id).filter((id) => !offers.has(id));
  if (ids.length === 0) return { offers, findings: [] };
  const failures = new ReadFailures();
  try {
    const options = { directory, volumes: ids, trustImage };
    const mounted = closer.add(await mountPoint(lent(reader, failures), options, call));
    for (const id of ids) offers.set(id, readMounted(closer, mounted, id, failures));
    return { offers, findings: mounted.findings.filter(({ code }) => code.startsWith('mount-')) };
  } catch (error) {
    if (!LACKS.some((code) => SendenseError.is(error, code))) throw error;
    failures.throwLatest();
    for (const id of ids) offers.set(id, { why: (error as SendenseError).message });
    return { offers, findings: [] };
  }
}

/** What is in the way before anything is tried. */
function obstacleTo({ volume, isDamaged }: OpenVolume, trustImage: boolean): string | undefined {
  const { fileSystem } = volume;
  if (mountWays(fileSystem).length === 0)
    return `no driver is known that mounts ${fileSystem ?? 'what lies there'}`;
  if (isDamaged)
    return `its ${fileSystem} contradicts itself, and drivers of the system are not made for such a one`;
  return trustImage
    ? undefined
    : 'drivers of the system trust what they read, and nobody said that the disks of this backup are trusted (trustImage)';
}

function readMounted(closer: Closer, mounted: MountedPoint, id: string, failures: ReadFailures): VolumeOffer {
  const volume = mounted.volumes.find((shown) => shown.id === id);
  if (volume === undefined) {
    failures.throwLatest();
    const told = mounted.findings.find(({ code, object }) => code === 'volume-not-mounted' && object === id);
    return { why: told?.message ?? 'it was not mounted' };
  }
  const folder = closer.add(new MountedFolder({ root: volume.target, served: volume.file }, failures));
  const driver = volume.driver === 'kernel' ? 'the kernel' : volume.driver;
  const reason = `${volume.fileSystem} is mounted read-only, by ${driver}`;
  return { reader: new MountedReader(volume.fileSystem, folder), reason };
}

/** A mount owns what it is given: this one is closed by its owner. */
function lent({ point, disks, artifacts }: PointReader, failures: ReadFailures): PointReader {
  const watched = disks.map((disk) => ({ ...disk, reader: failures.watch(disk.reader) }));
  return { point, disks: watched, artifacts, [Symbol.asyncDispose]: () => Promise.resolve() };
}
