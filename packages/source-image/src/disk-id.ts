import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { type DiskId, diskId } from '@sendense/core';

/** `text` as an id, or its digest where it is longer or odder than an id may be. */
function idOf(text: string): DiskId {
  try {
    return diskId(text);
  } catch {
    return diskId(`sha256:${createHash('sha256').update(text).digest('hex')}`);
  }
}

/**
 * Identities of the disks at `paths` (real paths), in their order. A machine that is named by its path has disks named
 * by theirs. One with an id of its own may be moved: its disks are named by their file names, where those differ.
 */
export function diskIdsOf(paths: readonly string[], machineId: string | undefined): readonly DiskId[] {
  const names = paths.map((path) => basename(path));
  const movable = machineId !== undefined && new Set(names).size === names.length;
  return (movable ? names : paths).map(idOf);
}
