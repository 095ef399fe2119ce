import type { FileSystem } from '@sendense/plugin-kit/files';
import { fileVersion } from './file-version.ts';
import type { ImageContext } from './image-context.ts';
import { withImageLock } from './image-lock.ts';
import { acceptEdit } from './image-watch.ts';

/** The last edit of each image under way in this process. */
const edits = new Map<string, Promise<unknown>>();

/**
 * Runs a bitmap edit of the image at `path`, alone among all edits of this process and of others that use Sendense,
 * and tells the watches of this process that the guest bytes stayed. `edit` must change nothing but bitmaps.
 */
export async function editImage<T>(
  context: ImageContext,
  path: string,
  edit: (fileSystem: FileSystem) => Promise<T>,
): Promise<T> {
  const { fileSystem } = context;
  const run = async (): Promise<T> =>
    await withImageLock(context, path, async () => {
      const before = await fileVersion(fileSystem, path);
      try {
        return await edit(fileSystem);
      } finally {
        acceptEdit(before, await fileVersion(fileSystem, path));
      }
    });
  const turn = (edits.get(path) ?? Promise.resolve()).then(run, run);
  edits.set(path, turn);
  try {
    return await turn;
  } finally {
    if (edits.get(path) === turn) edits.delete(path);
  }
}
