import { type FileSystem, refuseInUse, TargetFolder } from '@sendense/plugin-kit/files';
import { flatExtentPath } from '../vmdk/flat-extent-path.ts';
import type { ConverterContext } from './context.ts';
import { RESUMABLE_SUFFIX } from './conversion-folder.ts';
import { readJournal } from './conversion-journal.ts';
import { type FileMark, isMarked } from './file-mark.ts';

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
  if (await isWhole(fileSystem, folder, target, publishing)) return;
  const extent = flatExtentPath(target);
  const mark = publishing.find(({ path }) => path === extent);
  if (mark === undefined || kept.has(mark.identity)) return;
  if (!isMarked(mark, await fileSystem.stat(extent))) return;
  await refuseInUse(fileSystem, imageLocks, extent);
  await folder.takeBack(extent);
}

/**
 * Whether the descriptor got its name, which it gets last, whatever was written to it since: it is not in the folder any more, or
 * it is the same file there and here.
 */
async function isWhole(
  fileSystem: FileSystem,
  folder: TargetFolder,
  target: string,
  publishing: readonly FileMark[],
): Promise<boolean> {
  if ((await fileSystem.stat(folder.file)) === undefined) return true;
  const mark = publishing.find(({ path }) => path === target);
  return mark !== undefined && mark.identity === (await fileSystem.stat(target))?.identity;
}
