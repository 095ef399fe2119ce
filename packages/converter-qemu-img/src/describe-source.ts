import { type Call, type ConvertRequest, type DiskFormat, SendenseError } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { z } from 'zod';
import { qemuName } from './capabilities.ts';
import type { CheckedOptions } from './options.ts';
import { runQemuImg } from './run-qemu-img.ts';

/** The part of `qemu-img info --output=json` that counts here. */
const infoSchema = z.object({
  format: z.string(),
  'virtual-size': z.int().nonnegative(),
  'actual-size': z.int().nonnegative().optional(),
  'backing-filename': z.string().optional(),
  'format-specific': z
    .object({
      data: z.object({
        'data-file': z.string().optional(),
        extents: z.array(z.object({ filename: z.string() })).optional(),
      }),
    })
    .optional(),
});

/** What is known of an image. */
export type DescribedImage = {
  /** As QEMU calls it. */
  readonly format: string;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
};

/** Asks `qemu-img` what a file is. `format`: as QEMU calls it. */
export async function describeImage(
  { program, allowOtherFiles }: CheckedOptions,
  path: string,
  format: string | undefined,
  call?: Call,
): Promise<DescribedImage> {
  const stated = format === undefined ? [] : ['-f', format];
  const args = ['info', '--output=json', ...stated, path];
  const printed = await runQemuImg({ program, args, operation: 'read-image-info', path }, call);
  const info = await parseOptions(infoSchema, JSON.parse(printed), 'what qemu-img tells of an image');
  const { 'data-file': dataFile, extents = [] } = info['format-specific']?.data ?? {};
  const others = [info['backing-filename'], dataFile, ...extents.map(({ filename }) => filename)];
  const other = others.find((name) => name !== undefined && name !== path);
  if (other !== undefined && !allowOtherFiles)
    throw new SendenseError(
      'PERMISSION_DENIED',
      `${path} names the file ${JSON.stringify(other.slice(0, 120))}`,
      {
        operation: 'open-image',
        remedy: 'allow other files ("allowOtherFiles") if you trust the image',
        context: { path },
      },
    );
  const { 'virtual-size': sizeBytes, 'actual-size': allocatedBytes = sizeBytes } = info;
  return { format: info.format, sizeBytes, allocatedBytes };
}

/** The source of a request. Rejects with `NOT_FOUND` when it is not there. */
export async function describeSource(
  options: CheckedOptions,
  { source: { path, format } }: ConvertRequest,
  call?: Call,
  fileSystem: FileSystem = nodeFileSystem,
): Promise<DescribedImage & { readonly path: string }> {
  const real = await fileSystem.realPath(path);
  const described = await describeImage(options, real, nameOf(format), call);
  return { ...described, path: real };
}

function nameOf(format: DiskFormat | undefined): string | undefined {
  return format === undefined ? undefined : qemuName(format);
}
