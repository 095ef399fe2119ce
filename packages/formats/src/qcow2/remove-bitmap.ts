import type { FileSystem } from '@sendense/plugin-kit/files';
import { BitmapEditor, bitmapName } from './bitmap-editor.ts';
import { inImage } from './in-image.ts';

/** How to remove a bitmap. */
export type RemoveBitmapOptions = { readonly fileSystem?: FileSystem };

/**
 * Removes bitmap `name`, consistent or not. No program may have the image open. Rejects with `NOT_FOUND` or `CORRUPT`.
 * Safe against a cut at any instant.
 */
export async function removeBitmap(
  path: string,
  name: string,
  options: RemoveBitmapOptions = {},
): Promise<void> {
  await inImage(path, () => remove(path, name, options));
}

async function remove(path: string, name: string, { fileSystem }: RemoveBitmapOptions): Promise<void> {
  await using editor = await BitmapEditor.open(path, fileSystem);
  const gone = editor.entries.filter((entry) => entry.name === name);
  if (gone.length === 0) throw bitmapName('NOT_FOUND', name);
  await editor.commit(
    editor.entries.filter((entry) => entry.name !== name),
    gone,
  );
}
