import { dirname, resolve } from 'node:path';
import { type Call, type ConvertRequest, type DiskFormat, SendenseError } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { z } from 'zod';
import { qemuName } from './capabilities.ts';
import type { CheckedOptions } from './options.ts';
import { runQemuImg } from './run-qemu-img.ts';

/** The part of `qemu-img info --output=json` that counts here. */
const infoSchema = z.object({
  filename: z.string(),
  format: z.string(),
  'virtual-size': z.int().nonnegative(),
  'actual-size': z.int().nonnegative().optional(),
  'backing-filename': z.string().optional(),
  'full-backing-filename': z.string().optional(),
  'format-specific': z
    .object({
      data: z.object({
        'data-file': z.string().optional(),
        extents: z.array(z.object({ filename: z.string() })).optional(),
      }),
    })
    .optional(),
});

/** An image and its backing files, top first. */
const chainSchema = z.tuple([infoSchema], infoSchema);

type ImageInfo = z.infer<typeof infoSchema>;

/** What is known of an image. */
export type DescribedImage = {
  /** As QEMU calls it. */
  readonly format: string;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  /** Paths of all files of the image, those of its backing files too. */
  readonly files: readonly string[];
};

/** Asks `qemu-img` what a file is. `format`: as QEMU calls it. */
export async function describeImage(
  { program, allowOtherFiles }: CheckedOptions,
  path: string,
  format: string | undefined,
  call?: Call,
): Promise<DescribedImage> {
  const stated = format === undefined ? [] : ['-f', format];
  // A chain is followed only where that is allowed: backing files are opened for it.
  const chain = allowOtherFiles ? ['--backing-chain'] : [];
  const args = ['info', '--output=json', ...chain, ...stated, path];
  const printed = await runQemuImg({ program, args, operation: 'read-image-info', path }, call);
  const told: unknown = JSON.parse(printed);
  const [info, ...below] = await parseOptions(chainSchema, [told].flat(), 'what qemu-img tells of an image');
  const other = namesIn(info).find((name) => name !== path);
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
  const files = [path, ...[info, ...below].flatMap(pathsIn)];
  return { format: info.format, sizeBytes, allocatedBytes, files };
}

/** The files that an image names, as it or QEMU says them. */
function namesIn(info: ImageInfo): readonly string[] {
  const { 'data-file': dataFile, extents = [] } = info['format-specific']?.data ?? {};
  const backing = info['full-backing-filename'] ?? info['backing-filename'];
  return [backing, dataFile, ...extents.map(({ filename }) => filename)].filter((name) => name !== undefined);
}

/** The files of one image: a data file is told as the image names it, from its folder. */
function pathsIn(info: ImageInfo): readonly string[] {
  return [info.filename, ...namesIn(info)].map((name) =>
    resolve(dirname(info.filename), name.replace(/^file:/, '')),
  );
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
