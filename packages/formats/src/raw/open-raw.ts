import type { BlockIoDriver, Finding } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import { type FileStatus, type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { statusOf } from '../chain/open-chain.ts';
import type { ImageInfo } from '../image-info.ts';
import { openRawOptionsSchema } from '../options.ts';
import { openRawLayer } from './open-raw-layer.ts';
import { RawImage } from './raw-image.ts';

/** How to open a raw image. */
export type OpenRawOptions = {
  readonly fileSystem?: FileSystem;
  /** The first that can read a raw file is asked for its holes; without any, all of it is data. */
  readonly drivers?: readonly BlockIoDriver[];
};

/** Size of a sector: disks are multiples of it. */
const SECTOR_BYTES = 512;

/**
 * Opens a raw file or block device for reading, at its true size: a size that is no multiple of 512 is told as a
 * warning and not rounded. Rejects with `NOT_FOUND`, `PERMISSION_DENIED` or `CONFIG_INVALID` (not a file, wrong
 * options).
 */
export async function openRaw(path: string, options: OpenRawOptions = {}): Promise<RawImage> {
  const { fileSystem = nodeFileSystem, ...plain } = options;
  const { drivers } = await parseOptions(openRawOptionsSchema, plain, 'a raw image');
  const real = await fileSystem.realPath(path);
  const status = await statusOf(real, fileSystem);
  const { layer } = await openRawLayer(real, { fileSystem, drivers });
  return new RawImage([layer], rawInfo(layer.sizeBytes, status));
}

/** What the size and the status of a raw file tell. */
export function rawInfo(sizeBytes: number, status: FileStatus): ImageInfo {
  return {
    format: 'raw',
    subformat: null,
    virtualSizeBytes: sizeBytes,
    fileSizeBytes: sizeBytes,
    allocatedBytes: status.kind === 'device' ? sizeBytes : status.allocatedBytes,
    clusterBytes: null,
    backing: null,
    dirty: false,
    warnings: sizeBytes % SECTOR_BYTES === 0 ? [] : [oddSize(sizeBytes)],
  };
}

function oddSize(sizeBytes: number): Finding {
  return {
    severity: 'warning',
    code: 'size-not-sectors',
    message: `the size ${sizeBytes} is no multiple of 512: a virtual machine would see a disk of another size`,
  };
}
