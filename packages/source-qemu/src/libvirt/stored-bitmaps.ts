import { openQcow2 } from '@sendense/formats/qcow2';
import type { FileSystem } from '@sendense/plugin-kit/files';

/** What the file of an image says of its bitmaps: those that the last clean end of QEMU stored. */
export type StoredBitmaps = {
  readonly names: ReadonlySet<string>;
  /** Why the image can hold none, as a sentence. */
  readonly untracked: string | undefined;
};

const UNKNOWN: StoredBitmaps = { names: new Set(), untracked: undefined };

/**
 * Reads the names of bitmaps from the file of a QCOW2 image, also while a QEMU has it open: it leaves the table of
 * bitmaps alone until it ends. A file that cannot be read tells nothing.
 */
export async function storedBitmaps(fileSystem: FileSystem, path: string): Promise<StoredBitmaps> {
  try {
    await using image = await openQcow2(path, { fileSystem, parents: { folders: ['/'] } });
    const old = image.info.subformat === 'v2';
    return {
      names: new Set(image.bitmaps.map(({ name }) => name)),
      untracked: old ? 'a QCOW2 image of version 2 (compat=0.10) cannot record changes' : undefined,
    };
  } catch {
    return UNKNOWN;
  }
}
