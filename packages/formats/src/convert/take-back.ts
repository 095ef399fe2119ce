import { type FileSystem, refuseInUse, TargetFolder } from '@sendense/plugin-kit/files';
import { flatExtentPath } from '../vmdk/flat-extent-path.ts';
import type { ConverterContext } from './context.ts';
import { RESUMABLE_SUFFIX } from './conversion-folder.ts';
import { readJournal } from './conversion-journal.ts';
import { isMarked } from './file-mark.ts';

/**
 * Takes the extent of a target back that got its name from a conversion that was cut off before the descriptor had its own. Only
 * what the journal knows, by a name that this target gives its files, and what nobody changed since; nothing of `kept`, by identity.
 * The caller holds the lock of the target. Rejects with `LOCKED` when QEMU has it open.
 */
export async function takeBack(
  { fileSystem, imageLocks }: ConverterContext,
  target: string,
  kept: ReadonlySet<string>,
): Promise<void> {
  const folder = new TargetFolder(fileSystem, target, RESUMABLE_SUFFIX);
  const publishing = (await readJournal(fileSystem, folder.path))?.publishing ?? [];
  if (await isTaken(fileSystem, folder, target)) return;
  const extent = flatExtentPath(target);
  const mark = publishing.find(({ path }) => path === extent);
  if (mark === undefined || kept.has(mark.identity)) return;
  if (!isMarked(mark, await fileSystem.stat(extent))) return;
  await refuseInUse(fileSystem, imageLocks, extent);
  await folder.takeBack(extent);
}

/**
 * Whether the descriptor got its name, which it gets last, or another file has it: then the extent is that one's, or nobody knows. It
 * got it when it is not in the folder any more, or has both names.
 */
async function isTaken(fileSystem: FileSystem, folder: TargetFolder, target: string): Promise<boolean> {
  if ((await fileSystem.stat(folder.file)) === undefined) return true;
  return (await fileSystem.stat(target)) !== undefined;
}
