import { bootId, type FileStatus, TICK_MS } from '@sendense/plugin-kit/files';
import { isSameVersion } from './file-version.ts';
import type { ImageContext } from './image-context.ts';
import type { OpenedImage } from './opened-image.ts';

/**
 * Tells the bytes of open images at rest from those of any other time: as long as it is the same, nobody wrote to a file of
 * theirs, and they are read as the same disks. By file, size and time of the last change of anything (`utimes` cannot set that
 * one back) since the machine was started: what a power failure keeps of a write may lack its time. `undefined` where that
 * proves nothing: a file that is not the one that was opened any more, a device, a file that was changed this very moment,
 * storage that counts whole seconds, a system that does not name its starts.
 */
export async function restingMark(
  { fileSystem, clock }: ImageContext,
  images: readonly Pick<OpenedImage, 'image' | 'watch'>[],
): Promise<string | undefined> {
  const boot = bootId();
  if (boot === undefined) return undefined;
  const marks: string[] = [];
  for (const { image, watch } of images) {
    marks.push(JSON.stringify([image.info.format, image.sizeBytes]));
    for (const opened of watch.versions) {
      const { path } = opened;
      const status = await fileSystem.stat(path);
      const changedNs = changeOf(status, clock.now());
      if (status === undefined || changedNs === undefined) return undefined;
      // The bytes that are open are of what was there then: what is there now must not name them.
      if (!isSameVersion(opened, { path, ...status })) return undefined;
      marks.push(JSON.stringify([path, status.identity, status.sizeBytes, changedNs.toString()]));
    }
  }
  return [boot, ...marks].join('\n');
}

/** When the file was last changed, if any later change must show in that time. */
function changeOf(status: FileStatus | undefined, now: Date): bigint | undefined {
  const { kind, changedNs } = status ?? {};
  if (kind !== 'file' || changedNs === undefined || changedNs % 1_000_000_000n === 0n) return undefined;
  const ageMs = now.getTime() - Number(changedNs / 1_000_000n);
  return ageMs > TICK_MS ? changedNs : undefined;
}
