import type { FileStatus } from '@sendense/plugin-kit/files';
import type { ImageInfo } from '../image-info.ts';
import type { VhdxHead } from './read-head.ts';

/** What the head of a VHDX and the status of its file tell. */
export function vhdxInfo({ disk, header, warnings }: VhdxHead, status: FileStatus): ImageInfo {
  const { parent } = disk;
  return {
    format: 'vhdx',
    subformat: parent !== undefined ? 'differencing' : disk.keepsBlocks ? 'fixed' : 'dynamic',
    virtualSizeBytes: disk.sizeBytes,
    fileSizeBytes: status.sizeBytes,
    allocatedBytes: status.allocatedBytes,
    clusterBytes: disk.blockBytes,
    backing: parent === undefined ? null : (parent.names[0] ?? ''),
    dirty: header.logGuid !== undefined,
    warnings,
  };
}
