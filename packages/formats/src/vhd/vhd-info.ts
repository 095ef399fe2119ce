import type { FileStatus } from '@sendense/plugin-kit/files';
import type { ImageInfo } from '../image-info.ts';
import type { VhdHead } from './read-head.ts';

/** What the head of a VHD and the status of its file tell. */
export function vhdInfo(
  { footer, header, sizeBytes, parentNames, warnings }: VhdHead,
  status: FileStatus,
): ImageInfo {
  return {
    format: 'vhd',
    subformat: footer.type,
    virtualSizeBytes: sizeBytes,
    fileSizeBytes: status.sizeBytes,
    allocatedBytes: status.allocatedBytes,
    clusterBytes: header?.blockBytes ?? null,
    backing: parentNames === undefined ? null : (parentNames[0] ?? ''),
    dirty: false,
    warnings,
  };
}
