import { type Call, diskId, SendenseError, type SkippedDisk } from '@sendense/core';
import {
  type DiskSource,
  type Domain,
  type DomainDisk,
  LIBVIRT_PLATFORM,
  machineSpecOf,
  parseDomain,
  slotOf,
} from '@sendense/platform-kvm/domain';
import { parseBitmapName } from '@sendense/plugin-kit/baselines';
import type { FileSystem } from '@sendense/plugin-kit/files';
import type { DescribeCall, HostBitmap, HostDisk, HostMachine } from '../host/machine-host.ts';
import { type CheckpointSizes, inspectCheckpoint, listCheckpoints } from './checkpoints.ts';
import type { DomainSession } from './domain-session.ts';
import { exclusively } from './exclusively.ts';
import { type StoredBitmaps, storedBitmaps } from './stored-bitmaps.ts';

/** Guest bytes of one bit of the bitmaps that libvirt makes in an image with QEMU's own cluster size. */
export const GRANULARITY_BYTES = 64 * 1024;

/** What the options say of the machine. */
export type DomainNames = { readonly machineId: string | undefined; readonly name: string | undefined };

type FoundDisk = {
  readonly disk: DomainDisk;
  readonly images: readonly string[];
  readonly stored: StoredBitmaps;
};

/** Path or address of the image. */
export function imageOf(source: DiskSource): string {
  if ('path' in source) return source.path;
  if (source.type === 'volume') return `${source.pool}/${source.volume}`;
  return source.type === 'network' ? `${source.protocol}:${source.name ?? ''}` : source.name;
}

/** Why a device is never captured; `undefined` for a disk. */
export function whySkipped({ device, source }: DomainDisk): string | undefined {
  if (source === undefined) return 'empty';
  return device === 'disk' || device === 'lun' ? undefined : 'removable medium';
}

/** The domain as libvirt describes it now. */
export async function readDomain(session: DomainSession, call?: Call): Promise<Domain> {
  return parseDomain(await session.run('dumpxml', [], call));
}

/** Where an image really is, by which its headers and the XML name it alike. What is no file here keeps its name. */
async function realPath(fileSystem: FileSystem, image: string): Promise<string> {
  return image.startsWith('/') ? await fileSystem.realPath(image).catch(() => image) : image;
}

async function findDisks(
  fileSystem: FileSystem,
  domain: Domain,
): Promise<{ readonly found: readonly FoundDisk[]; readonly skipped: readonly SkippedDisk[] }> {
  const found: FoundDisk[] = [];
  const skipped: SkippedDisk[] = [];
  for (const disk of domain.disks) {
    const { source, target } = disk;
    const reason = whySkipped(disk);
    if (source === undefined || reason !== undefined) {
      skipped.push({ id: diskId(target), reason: reason ?? 'empty' });
      continue;
    }
    const named = [source, ...disk.backing.map((backing) => backing.source)].map(imageOf);
    const images = await Promise.all(named.map((image) => realPath(fileSystem, image)));
    const [path = ''] = images;
    const inFile = disk.format === 'qcow2' && path.startsWith('/');
    const stored = inFile ? await storedBitmaps(fileSystem, path) : { names: new Set<string>() };
    found.push({ disk, images, stored: { untracked: undefined, ...stored } });
  }
  return { found, skipped };
}

function whyUntracked({ disk, stored }: FoundDisk): string | undefined {
  if (disk.format !== 'qcow2') return `a ${disk.format ?? 'raw'} disk cannot keep a record of changes`;
  if (disk.readOnly) return 'the disk is read-only';
  return stored.untracked;
}

/** Sizes of the disks in bytes, by target. */
export async function readSizes(session: DomainSession, call?: Call): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for (const line of (await session.run('domblkinfo', ['--all'], call)).split('\n')) {
    const [, target, capacity] = /^\s*(\S+)\s+(\d+)\s+\S+\s+\S+\s*$/.exec(line) ?? [];
    if (target !== undefined) sizes.set(target, Number(capacity));
  }
  return sizes;
}

/** The targets of disks that can have a bitmap. */
export function trackable(domain: Domain): readonly string[] {
  return domain.disks
    .filter((disk) => disk.format === 'qcow2' && !disk.readOnly && whySkipped(disk) === undefined)
    .map(({ target }) => target);
}

/** Our checkpoints: those that libvirt knows, those that are stored in the images, and those that somebody names. */
async function inspectAll(
  session: DomainSession,
  domain: Domain,
  names: ReadonlySet<string>,
  call?: Call,
): Promise<ReadonlyMap<string, CheckpointSizes>> {
  const inspected = new Map<string, CheckpointSizes>();
  for (const name of names) {
    inspected.set(name, await inspectCheckpoint(session, name, trackable(domain), call));
  }
  return inspected;
}

function bitmapsOf(
  { disk, stored }: FoundDisk,
  checkpoints: ReadonlyMap<string, CheckpointSizes>,
): readonly HostBitmap[] {
  return [...checkpoints].flatMap(([name, sizes]): HostBitmap[] => {
    const dirtyBytes = sizes.get(disk.target);
    const holds = dirtyBytes !== undefined;
    // libvirt does not tell a missing bitmap from a broken one; the image does
    if (!holds && !stored.names.has(name)) return [];
    const state = { recording: holds, consistent: holds, dirtyBytes };
    return [{ name, granularityBytes: GRANULARITY_BYTES, ...state }];
  });
}

/** The names of our bitmaps wherever they show, sorted. */
export function ourNames(...lists: readonly Iterable<string>[]): ReadonlySet<string> {
  const names = lists.flatMap((list) => [...list]);
  return new Set(names.filter((name) => parseBitmapName(name) !== undefined).sort());
}

function sizeOf(sizes: ReadonlyMap<string, number>, target: string): number {
  const size = sizes.get(target);
  if (size !== undefined) return size;
  throw new SendenseError('UNSUPPORTED', `libvirt does not say how large the disk ${target} is`, {
    operation: 'describe-machine',
    remedy: 'leave the disk out of the backup, or use libvirt 7.6 or later',
  });
}

/** Reads everything that a capture needs to know of a running domain. */
export async function readMachine(
  session: DomainSession,
  fileSystem: FileSystem,
  given: DomainNames,
  call?: DescribeCall,
): Promise<HostMachine> {
  const domain = await readDomain(session, call);
  const { found, skipped } = await findDisks(fileSystem, domain);
  const sizes = await readSizes(session, call);
  const stored = found.flatMap(({ stored: { names } }) => [...names]);
  const known = await listCheckpoints(session, call);
  const names = ourNames(known, stored, call?.named ?? []);
  const inspect = () => inspectAll(session, domain, names, call);
  const checkpoints = names.size === 0 ? new Map() : await exclusively(session, inspect, call);
  const disks = found.map((one): HostDisk => {
    const { disk, images } = one;
    const id = diskId(disk.target);
    return {
      id,
      label: disk.target,
      slot: slotOf(disk),
      sizeBytes: sizeOf(sizes, disk.target),
      sectorBytes: disk.sectorBytes,
      readOnly: disk.readOnly,
      target: disk.target,
      format: disk.format ?? 'raw',
      images,
      followsSnapshots: true,
      bitmaps: bitmapsOf(one, checkpoints),
      untracked: whyUntracked(one),
    };
  });
  return hostMachineOf(domain, given, { disks, skipped, findings: [] });
}

/** The domain with its disks as a machine. */
export function hostMachineOf(
  domain: Domain,
  given: DomainNames,
  parts: Pick<HostMachine, 'disks' | 'skipped' | 'findings'>,
): HostMachine {
  const spec = machineSpecOf(
    domain,
    parts.disks.map(({ target, id, sizeBytes }) => ({ target, id, sizeBytes })),
  );
  return {
    machine: { connection: LIBVIRT_PLATFORM, id: given.machineId ?? domain.uuid ?? domain.name },
    power: domain.active ? 'on' : 'off',
    spec: given.name === undefined ? spec : { ...spec, name: given.name },
    ...parts,
  };
}
