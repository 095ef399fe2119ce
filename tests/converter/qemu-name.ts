import type { DiskFormat } from '@sendense/core';

/** What QEMU calls a format. */
export function qemuName(format: DiskFormat): string {
  return format === 'vhd' ? 'vpc' : format;
}
