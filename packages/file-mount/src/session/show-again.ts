import { SendenseError } from '@sendense/core';
import { findWay } from '../volumes/find-way.ts';
import { mountVolume } from '../volumes/mount-volume.ts';
import type { MountRecord } from './mount-record.ts';

/**
 * Mounts the volumes at `unmounted` once more because another one stays: half a mount would look like one whose files are gone. What is to
 * be told then: `failure`, and what of the others is not shown again.
 */
export async function showAgain(
  { volumes }: MountRecord,
  unmounted: readonly string[],
  failure: SendenseError,
): Promise<SendenseError> {
  const lost: string[] = [];
  for (const volume of volumes.filter(({ target }) => unmounted.includes(target))) {
    const why = await show(volume);
    if (why !== undefined) lost.push(`${volume.target} was unmounted, and cannot be mounted again: ${why}`);
  }
  if (lost.length === 0) return failure;
  const { code, message, operation, remedy, context } = failure;
  return new SendenseError(code, [message, ...lost].join('; '), {
    operation,
    cause: failure,
    context,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/** Why it is not shown; `undefined`: it is. */
async function show({
  fileSystem,
  file,
  target,
}: MountRecord['volumes'][number]): Promise<string | undefined> {
  const way = await findWay(fileSystem);
  if (way.missing !== undefined) return way.missing;
  try {
    await mountVolume(way, file, target);
    return undefined;
  } catch (error) {
    if (SendenseError.is(error)) return error.message;
    throw error;
  }
}
