import { element, serializeXml } from '@sendense/platform-kvm/domain';
import type { InstantRequest } from '../host/machine-host.ts';

/** Where the things of one backup job are. */
export type BackupPlaces = {
  /** Socket of the NBD server of the job. */
  readonly socket: string;
  /** The file that takes what the guest overwrites of the disk `target` meanwhile. */
  readonly scratch: (target: string) => string;
};

/** The job of `request`: all its disks at once, each in full or since its own checkpoint (libvirt's formatbackup). */
export function backupXml({ disks }: InstantRequest, { socket, scratch }: BackupPlaces): string {
  const entries = disks.map(({ disk: { target }, since }) =>
    element(
      'disk',
      {
        name: target,
        backup: 'yes',
        type: 'file',
        backupmode: since === null ? 'full' : 'incremental',
        incremental: since ?? undefined,
        exportname: target,
        exportbitmap: since === null ? undefined : exportBitmap(target),
      },
      [element('scratch', { file: scratch(target) })],
    ),
  );
  return serializeXml(
    element('domainbackup', { mode: 'pull' }, [
      element('server', { transport: 'unix', socket }),
      element('disks', {}, entries),
    ]),
  );
}

/** The bitmap under which the job exports what changed in the disk `target`; libvirt's own name for it. */
export function exportBitmap(target: string): string {
  return `backup-${target}`;
}

type CheckpointDisk = { readonly target: string; readonly bitmap: boolean };

/**
 * A checkpoint (libvirt's formatcheckpoint): its bitmaps bear its own name. `createdAt` is needed where one that was
 * forgotten is defined again.
 */
export function checkpointXml(name: string, disks: readonly CheckpointDisk[], createdAt?: Date): string {
  const entries = disks.map(({ target, bitmap }) =>
    element('disk', {
      name: target,
      checkpoint: bitmap ? 'bitmap' : 'no',
      bitmap: bitmap ? name : undefined,
    }),
  );
  const seconds = createdAt === undefined ? undefined : String(Math.floor(createdAt.getTime() / 1000));
  return serializeXml(
    element('domaincheckpoint', {}, [
      element('name', {}, name),
      seconds === undefined ? undefined : element('creationTime', {}, seconds),
      element('disks', {}, entries),
    ]),
  );
}
