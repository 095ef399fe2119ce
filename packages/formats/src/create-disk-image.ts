import type { DiskFormat } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { unsupportedFormat } from './open-disk-image.ts';
import { createDiskImageOptionsSchema } from './options.ts';
import { createQcow2 } from './qcow2/create-qcow2.ts';
import type { Qcow2Writer } from './qcow2/qcow2-writer.ts';
import { createRaw } from './raw/create-raw.ts';
import type { RawWriter } from './raw/raw-writer.ts';
import { subformatOf } from './subformats.ts';

/** How to make an image of any format. */
export type CreateDiskImageOptions = {
  readonly fileSystem?: FileSystem;
  readonly format: DiskFormat;
  /** One of `SUBFORMATS`; the first of the format when not given. */
  readonly subformat?: string;
  /** Size of the disk in bytes; formats may round it up. */
  readonly sizeBytes: number;
};

/** The writer of a new image. */
export type DiskImageWriter = RawWriter | Qcow2Writer;

/**
 * Creates an image file (mode 0600). Rejects with `ALREADY_EXISTS`, and `CONFIG_INVALID` for wrong options; see
 * `createQcow2` and `createRaw`.
 */
export async function createDiskImage(
  path: string,
  options: CreateDiskImageOptions,
): Promise<DiskImageWriter> {
  const { format, subformat, ...rest } = options;
  await parseOptions(createDiskImageOptionsSchema, { format }, 'a new disk image');
  const kind = subformatOf(format, subformat);
  if (format === 'raw') return createRaw(path, rest);
  if (format === 'qcow2') return createQcow2(path, { ...rest, ...(kind === 'compressed' && COMPRESSED) });
  throw unsupportedFormat(format, 'create-image');
}

/** What every version of QEMU reads. */
const COMPRESSED = { compression: 'zlib' } as const;
