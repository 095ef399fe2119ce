import type { Mount, MountList } from '@sendense/api';
import { SendenseError } from '@sendense/core';
import type { PrintedMount, PrintedVolume } from '../../output/describe-mounts.ts';
import type { AskedMount } from '../../session/mount-in-background.ts';
import type { MountOutcome, PrintedMounts, PrintedUnmounted, UnmountOptions } from '../work.ts';
import type { Desk } from './desk.ts';
import { printFindings } from './findings.ts';
import { LONG_CALL_MS } from './long-call.ts';

/** A mount of the list that has a folder. */
type FolderMount = MountList['mounts'][number] & { readonly mount_path: string };

/** Has the server show a point in a folder of its machine. */
export async function mount(
  { client }: Desk,
  { backupId, repository, trustImage }: AskedMount,
): Promise<MountOutcome> {
  const body = { backup_id: backupId, repository, mode: 'mount', trust_image: trustImage === true } as const;
  // without the signal: the server mounts all the same, and nobody would have been told of it
  const mounted = await client.mountBackup(body, { timeoutMs: LONG_CALL_MS });
  const { mount_id: mountId, mount_path: mountPath, volumes, findings } = mounted;
  if (mountPath === null) throw noFolder(mountId);
  return {
    mounted: {
      mountId,
      mountPath,
      access: 'mounted',
      volumes: printVolumes(volumes),
      findings: printFindings(findings),
    },
    ended: null,
  };
}

/** The folders of the server that the caller sees; what is only browsed is none. */
export async function listMounts(desk: Desk): Promise<PrintedMounts> {
  return { mounts: (await foldersOf(desk)).map(printMount), findings: [] };
}

/** Has the server end the mount of a folder. */
export async function unmount(
  desk: Desk,
  { mount: named, isFolder, force }: UnmountOptions,
): Promise<PrintedUnmounted> {
  const folders = await foldersOf(desk);
  const found = folders.find((each) => (isFolder ? each.mount_path : each.mount_id) === named);
  if (found === undefined) throw noSuchMount(named);
  const { mount_id: mountId, mount_path: mountPath } = found;
  const { findings } = await desk.client.unmountBackup({ mount_id: mountId, force });
  return { mountId, mountPath, findings: printFindings(findings) };
}

async function foldersOf({ client, session }: Desk): Promise<readonly FolderMount[]> {
  const { mounts } = await client.listMounts({}, session.call);
  return mounts.filter((each): each is FolderMount => each.mount_path !== null);
}

/** The server lists what it serves itself. */
function printMount({
  mount_id: mountId,
  mount_path: mountPath,
  backup_id: pointId,
  volumes,
}: FolderMount): PrintedMount {
  return { mountId, mountPath, pointId, running: true, volumes: printVolumes(volumes) };
}

/** Those that are mounted: of others a finding told why not. */
function printVolumes(volumes: Mount['volumes']): PrintedVolume[] {
  return volumes.flatMap(({ id, file_system: fileSystem, driver, path }) =>
    path === null ? [] : [{ id, fileSystem: fileSystem ?? '', driver: driver ?? '', path }],
  );
}

function noFolder(mountId: string): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `the server names no folder of the mount ${mountId}`, {
    operation: 'mount-backup',
  });
}

function noSuchMount(named: string): SendenseError {
  return new SendenseError('NOT_FOUND', `the server has no mount ${named}, or it ended`, {
    operation: 'find-mount',
    remedy: 'list those that it has with "sendense-ctl backup mounts"',
  });
}
