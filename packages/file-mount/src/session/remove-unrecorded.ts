import { nodeFileSystem, removeIfEmpty, unfinishedFilesOf } from '@sendense/plugin-kit/files';
import { removeDeadWaiters, withDirectoryLock } from './directory-lock.ts';
import { sessionIds, sessionPaths } from './mount-record.ts';

/** Folders of processes that were killed before they had written a record, or after they had removed it: nothing else is in them. */
export async function removeUnrecorded(place: string): Promise<void> {
  await removeDeadWaiters(place);
  if ((await unrecordedIds(place)).length === 0) return;
  await withDirectoryLock(place, async () => {
    for (const id of await unrecordedIds(place)) {
      const { folder, record } = sessionPaths(place, id);
      for (const file of await unfinishedFilesOf(nodeFileSystem, record)) await nodeFileSystem.unlink(file);
      await removeIfEmpty(nodeFileSystem, folder);
    }
  });
}

async function unrecordedIds(place: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const id of await sessionIds(place))
    if ((await nodeFileSystem.stat(sessionPaths(place, id).record)) === undefined) ids.push(id);
  return ids;
}
