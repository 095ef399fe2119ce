import { type Finding, SendenseError } from '@sendense/core';
import type { PointVolume } from '@sendense/file-restore';
import { btrfsObstacle } from './btrfs-obstacle.ts';
import { type FoundWay, findWay } from './find-way.ts';
import { mountWays } from './mount-ways.ts';

/** A volume that can be mounted here. */
export type PlannedVolume = {
  readonly volume: PointVolume;
  readonly way: Extract<FoundWay, { program: string }>;
};

/** What is to be mounted. */
export type MountPlan = {
  readonly volumes: readonly PlannedVolume[];
  /** Whether each volume has a folder of its own. The point decides it, not what this machine can mount of it. */
  readonly inFolders: boolean;
  /** Why others are not. */
  readonly findings: readonly Finding[];
};

/** Names of volumes become names of folders. */
const FOLDER_NAME = /^(?!\.{1,2}$)[A-Za-z0-9+_.-]{1,255}$/u;

/**
 * Chooses what is mounted, and by which driver. Rejects with `NOT_FOUND` where one of `wanted` is not there, `FORMAT_UNSUPPORTED` with
 * all reasons where nothing can be mounted.
 */
export async function planMounts(
  all: readonly PointVolume[],
  wanted: readonly string[] | undefined,
): Promise<MountPlan> {
  const unknown = wanted?.find((id) => all.every((volume) => volume.id !== id));
  if (unknown !== undefined) throw noVolume(unknown, all);
  const chosen = all.filter(({ id }) => wanted === undefined || wanted.includes(id));
  const volumes: PlannedVolume[] = [];
  const findings: Finding[] = [];
  for (const volume of chosen) {
    const isTaken = volumes.some((planned) => planned.volume.id === volume.id);
    const way = isTaken ? { missing: 'another volume has its name' } : await wayOf(volume);
    if (way.missing === undefined) volumes.push({ volume, way });
    else findings.push(notMounted(volume.id, way.missing));
  }
  if (volumes.length === 0) throw nothingToMount(findings);
  const known = chosen.filter(({ fileSystem }) => mountWays(fileSystem).length > 0);
  return { volumes, inFolders: known.length > 1, findings };
}

/** Told of a volume that is left out. */
export function notMounted(id: string, why: string): Finding {
  const message = `volume ${id} is not mounted: ${why}`;
  return { severity: 'warning', code: 'volume-not-mounted', message, object: id };
}

async function wayOf({ id, fileSystem, bytes, isDamaged }: PointVolume): Promise<FoundWay> {
  if (fileSystem === null || mountWays(fileSystem).length === 0)
    return { missing: `${fileSystem ?? 'no file system that is known'} cannot be mounted` };
  if (isDamaged)
    return { missing: `its ${fileSystem} contradicts itself, and drivers are not made for such a one` };
  if (!FOLDER_NAME.test(id)) return { missing: 'its name cannot be one of a folder' };
  const obstacle = fileSystem === 'btrfs' ? await btrfsObstacle(bytes) : undefined;
  return obstacle === undefined ? findWay(fileSystem) : { missing: obstacle };
}

function noVolume(id: string, all: readonly PointVolume[]): SendenseError {
  return new SendenseError('NOT_FOUND', `the point has no volume ${JSON.stringify(id)}`, {
    operation: 'mount-point',
    remedy: `name one of: ${all.map((volume) => volume.id).join(', ')}`,
  });
}

function nothingToMount(findings: readonly Finding[]): SendenseError {
  const why = findings.map(({ message }) => message).join('; ');
  return new SendenseError('FORMAT_UNSUPPORTED', why === '' ? 'the point has no volumes' : why, {
    operation: 'mount-point',
    remedy: 'read the files in process, which needs no driver, or restore the disk',
  });
}
