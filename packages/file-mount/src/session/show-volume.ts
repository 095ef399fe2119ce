import { SendenseError } from '@sendense/core';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { readMountTable } from '../system/mount-table.ts';
import type { FoundWay } from '../volumes/find-way.ts';
import { mountVolume } from '../volumes/mount-volume.ts';
import type { MountRecord } from './mount-record.ts';
import { shownVolumes } from './shown-volumes.ts';

/**
 * Mounts a volume, and makes sure that its folder leads to it and to nothing else. Rejects with `ALREADY_EXISTS` where somebody else put
 * or mounted something there meanwhile, and as {@link mountVolume} does.
 */
export async function showVolume(
  directory: string,
  record: MountRecord,
  { file, target }: MountRecord['volumes'][number],
  way: Extract<FoundWay, { program: string }>,
): Promise<void> {
  const before = await mountsAt(target);
  if ((await nodeFileSystem.list(target)).length > 0) throw taken(target);
  await mountVolume(way, file, target);
  const shown = (await shownVolumes(directory, record)).find((volume) => volume.target === target);
  const isAlone = shown !== undefined && shown.coveredAt === undefined;
  if (!isAlone || (await mountsAt(target)) !== before + 1) throw taken(target);
}

async function mountsAt(target: string): Promise<number> {
  return (await readMountTable()).filter(({ path }) => path === target).length;
}

function taken(target: string): SendenseError {
  return new SendenseError(
    'ALREADY_EXISTS',
    `somebody else put or mounted something at ${target} meanwhile`,
    {
      operation: 'mount-point',
      remedy: 'name another folder',
      context: { target },
    },
  );
}
