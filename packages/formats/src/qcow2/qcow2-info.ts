import type { Finding } from '@sendense/core';
import type { FileStatus } from '@sendense/plugin-kit/files';
import type { ImageInfo } from '../image-info.ts';
import { INCOMPATIBLE, SECTOR_BYTES } from './constants.ts';
import type { Qcow2Head } from './read-header.ts';

/** What the head of an image and the status of its file tell. */
export function qcow2Info(head: Qcow2Head, status: FileStatus): ImageInfo {
  const { header, backing } = head;
  const dirty = (header.incompatible & INCOMPATIBLE.dirty) !== 0;
  return {
    format: 'qcow2',
    subformat: `v${header.version}`,
    virtualSizeBytes: header.sizeBytes,
    fileSizeBytes: status.sizeBytes,
    allocatedBytes: status.allocatedBytes,
    clusterBytes: 2 ** header.clusterBits,
    backing: backing?.name ?? null,
    dirty,
    warnings: warningsOf(head, dirty),
  };
}

function warningsOf({ header, backing }: Qcow2Head, dirty: boolean): Finding[] {
  const warnings: Finding[] = [];
  const warn = (code: string, message: string) => warnings.push({ severity: 'warning', code, message });
  if (dirty) {
    warn('image-dirty', 'the image was not closed cleanly: its refcounts may be stale, its data can be read');
  }
  if (backing !== undefined && backing.format === undefined) {
    warn('backing-format-missing', 'the image does not state the format of its backing file');
  }
  if (header.sizeBytes % SECTOR_BYTES !== 0) {
    warn(
      'size-not-sectors',
      `the disk size ${header.sizeBytes} is no multiple of 512: QEMU hides the last bytes`,
    );
  }
  return warnings;
}
