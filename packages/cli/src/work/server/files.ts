import type { FileEntry, Mount } from '@sendense/api';
import { onceEach, type PrintedEntry, type PrintedFolder } from '../../output/describe-folder.ts';
import type { BrowseOptions, Read } from '../work.ts';
import type { Desk } from './desk.ts';
import { printFindings } from './findings.ts';
import { withMount } from './with-mount.ts';

/** A folder of a point, or a part of it, as the server reads it. */
export async function browse(desk: Desk, options: BrowseOptions): Promise<Read<PrintedFolder>> {
  const { path, limit, from } = options;
  const { mount, done: page } = await withMount(desk, options, (mountId) =>
    desk.client.listFiles({ mount_id: mountId, path, limit, after: from }, desk.session.call),
  );
  return {
    read: {
      entries: page.entries.map(printEntry),
      next: page.next,
      volume: page.volume,
      volumes: mount.volumes.map(printVolume),
      findings: onceEach(printFindings([...mount.findings, ...page.findings])),
    },
    isDamaged: page.findings.some(({ severity }) => severity === 'error'),
  };
}

function printEntry({
  name,
  type,
  size_bytes: sizeBytes,
  mode,
  mtime,
  uid,
  gid,
  links,
}: FileEntry): PrintedEntry {
  return { name, type: type ?? 'damaged', sizeBytes, mode, mtime, uid, gid, links };
}

function printVolume(volume: Mount['volumes'][number]): PrintedFolder['volumes'][number] {
  const { id, kind, volume_label: label, size_bytes: sizeBytes, file_system: fileSystem, access } = volume;
  return { id, kind, label, sizeBytes, fileSystem, access };
}
