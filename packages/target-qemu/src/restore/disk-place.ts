import { join } from 'node:path';
import { SendenseError, type TargetConnector } from '@sendense/core';
import { createImageTarget } from '@sendense/target-image';
import { z } from 'zod';
import type { TargetContext } from '../context.ts';

/** Where a disk goes: a file, or a block device whose content is replaced. */
export const diskPlaceSchema = z.object({
  path: z.string().min(1).max(4096),
  format: z.enum(['raw', 'qcow2']),
  isDevice: z.boolean(),
});

/** See {@link diskPlaceSchema}. */
export type DiskPlace = z.infer<typeof diskPlaceSchema>;

/** The files of new disks in the folder of the options. */
export function newDiskPlace({ options }: TargetContext, number: number): DiskPlace {
  const { folder, name, format } = options;
  return { path: join(folder, `${name}-disk-${number}.${format}`), format, isDevice: false };
}

/** Finds the unfinished files of new disks of any plan and format. */
export function isPartialOfNewDisk({ options }: TargetContext, file: string): boolean {
  const rest = file.startsWith(`${options.name}-disk-`) ? file.slice(options.name.length + 6) : '';
  return /^\d+\.(?:raw|qcow2)\.partial-/.test(rest);
}

/** The target of one image file or device that writes the disk; target-image does the work. */
export function imageTargetFor(context: TargetContext, place: DiskPlace): TargetConnector {
  const { compression, checkpointBytes, owner, protect } = context.options;
  const compressed = compression !== undefined && place.format === 'qcow2';
  return createImageTarget(
    {
      path: place.path,
      format: place.format,
      allowDevice: place.isDevice,
      checkpointBytes,
      owner,
      protect,
      undoFinished: true,
      ...(compressed ? { compression } : {}),
    },
    context,
  );
}

/** Rejects with `NOT_FOUND` unless the folder for new disks is there. */
export async function checkFolder({ fileSystem, options: { folder } }: TargetContext): Promise<void> {
  if ((await fileSystem.stat(folder))?.kind === 'directory') return;
  throw new SendenseError('NOT_FOUND', `there is no folder ${folder} for the disks`, {
    operation: 'check-restore',
    remedy: 'make it, readable for QEMU, or name another one',
  });
}
