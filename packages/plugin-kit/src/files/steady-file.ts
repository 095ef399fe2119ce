import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, SendenseError } from '@sendense/core';
import type { FileSystem } from './file-system.ts';

/** Times of writes advance in steps of up to 10 ms (a kernel tick): a younger file may be written again unseen. */
export const TICK_MS = 20;

/** Waits until the last write to the file at `path` is older than a tick, so that any later one shows in its time. */
export async function settleWrites(
  fileSystem: FileSystem,
  clock: Pick<Clock, 'now'>,
  path: string,
): Promise<void> {
  const status = await fileSystem.stat(path);
  if (status === undefined) return;
  const ageMs = clock.now().getTime() - status.modifiedMs;
  if (ageMs >= 0 && ageMs < TICK_MS) await delay(TICK_MS);
}

/** The error for an image that did not stay as it was. */
export function instantLost(path: string, cause?: unknown): SendenseError {
  return new SendenseError('INSTANT_LOST', `${path} changed while it was read`, {
    operation: 'read-image',
    cause,
    context: { path },
    remedy:
      'stop what writes to the image, or back the machine up while it runs through the qemu or libvirt source',
  });
}
