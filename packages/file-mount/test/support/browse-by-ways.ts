import { createFileDriver } from '@sendense/blockio-file';
import type { BrowseSession } from '@sendense/file-restore';
import { browsePoint, type FilesOptions } from '../../src/index.ts';
import { pointOf } from './raw-point.ts';

/** A session over disks by the ways that the options allow; the caller disposes it. */
export async function browseByWays(
  options: FilesOptions,
  ...disks: readonly string[]
): Promise<BrowseSession> {
  const driver = createFileDriver();
  const readers = await Promise.all(disks.map((path) => driver.openReader({ kind: 'file', path })));
  return browsePoint(pointOf(readers), options);
}
