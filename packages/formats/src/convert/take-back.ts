import { refuseInUse, TargetFolder } from '@sendense/plugin-kit/files';
import type { ConverterContext } from './context.ts';
import { RESUMABLE_SUFFIX } from './conversion-folder.ts';
import { readJournal } from './conversion-journal.ts';
import { isMarked } from './file-mark.ts';

/**
 * Takes the files of a target back that got their names from a conversion that was cut off before the last of them had its own: extents
 * without their descriptor. Only what the journal knows, and what nobody changed since; nothing of `kept`, by identity. The caller holds
 * the lock of the target. Rejects with `LOCKED` when QEMU has one open.
 */
export async function takeBack(
  { fileSystem, imageLocks }: ConverterContext,
  target: string,
  kept: ReadonlySet<string>,
): Promise<void> {
  const folder = new TargetFolder(fileSystem, target, RESUMABLE_SUFFIX);
  const publishing = (await readJournal(fileSystem, folder.path))?.publishing ?? [];
  const named: string[] = [];
  for (const mark of publishing)
    if (!kept.has(mark.identity) && isMarked(mark, await fileSystem.stat(mark.path))) named.push(mark.path);
  // It gets its name last: the image is whole.
  if (named.includes(target)) return;
  for (const path of named) {
    await refuseInUse(fileSystem, imageLocks, path);
    await folder.takeBack(path);
  }
}
