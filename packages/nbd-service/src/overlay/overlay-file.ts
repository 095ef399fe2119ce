import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type BlockReader, SendenseError } from '@sendense/core';
import { Closer, type FileSystem, orClose } from '@sendense/plugin-kit';
import { OverlayDisk } from './overlay-disk.ts';

/** `EXPORT.UUID.overlay` */
const OVERLAY_NAME = /^(.+)\.[0-9a-f-]{36}\.overlay$/;

/** An overlay with its file; dispose removes the file. */
export type OpenOverlay = AsyncDisposable & { readonly disk: OverlayDisk };

/** Makes an overlay above `base` in a new file of `folder`, which takes space only for what is written. */
export async function openOverlay(
  base: BlockReader,
  exportName: string,
  folder: string,
  fileSystem: FileSystem,
): Promise<OpenOverlay> {
  const path = join(folder, `${exportName}.${randomUUID()}.overlay`);
  const opened = new Closer();
  return orClose(opened, async () => {
    const file = await fileSystem.open(path, 'create');
    opened.add({ [Symbol.asyncDispose]: () => removeOverlay(path, fileSystem) });
    opened.add(file);
    await file.truncate(base.sizeBytes);
    return { disk: new OverlayDisk(base, file), [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
  });
}

/**
 * Removes the overlays of a service that is dead: their maps died with it. Gives the names of the exports that were written to or
 * could have been.
 */
export async function removeOverlays(folder: string, fileSystem: FileSystem): Promise<readonly string[]> {
  const names: string[] = [];
  for (const file of await fileSystem.list(folder)) {
    const name = OVERLAY_NAME.exec(file)?.[1];
    if (name === undefined) continue;
    await removeOverlay(join(folder, file), fileSystem);
    names.push(name);
  }
  return names;
}

async function removeOverlay(path: string, fileSystem: FileSystem): Promise<void> {
  await fileSystem.unlink(path).catch((error: unknown) => {
    if (!SendenseError.is(error, 'NOT_FOUND')) throw error;
  });
}
