import type { FileHandle } from '@sendense/plugin-kit/files';
import { type BitmapEntry, parseBitmapDirectory, parseBitmapsExtension } from './bitmap-directory.ts';
import { EXTENSION } from './constants.ts';
import { invalid } from './format-error.ts';
import type { Qcow2Head } from './read-header.ts';

/** The bitmap directory of an image, empty when it has none. Rejects with `FORMAT_INVALID`. */
export async function readBitmapDirectory(
  handle: FileHandle,
  { header, extensions }: Qcow2Head,
): Promise<BitmapEntry[]> {
  const found = extensions.find(({ type }) => type === EXTENSION.bitmaps);
  if (found === undefined) return [];
  const extension = parseBitmapsExtension(found.data, 2 ** header.clusterBits);
  const bytes = new Uint8Array(extension.directoryBytes);
  if ((await handle.read(bytes, extension.directoryOffset)) < bytes.byteLength) {
    throw invalid('the bitmap directory lies outside the file');
  }
  return parseBitmapDirectory(bytes, extension.count);
}
