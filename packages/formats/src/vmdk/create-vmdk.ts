import { basename } from 'node:path';
import { SendenseError } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import { type FileHandle, type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import type { z } from 'zod';
import { createRaw } from '../raw/create-raw.ts';
import { roundUpSize, SIZE_RULES } from '../size-rules.ts';
import { SECTOR_BYTES } from './constants.ts';
import type { ExtentLine } from './extent-line.ts';
import { flatExtentPath } from './flat-extent-path.ts';
import { FlatVmdkWriter } from './flat-writer.ts';
import { createVmdkOptionsSchema } from './options.ts';
import { sparseLayout } from './sparse-layout.ts';
import { SparseVmdkWriter } from './sparse-writer.ts';
import { StreamEncoder } from './stream-encoder.ts';
import { StreamVmdkWriter } from './stream-writer.ts';
import { newContentId, writeDescriptor } from './write-descriptor.ts';

/** How to make a new image; see {@link createVmdkOptionsSchema}. */
export type CreateVmdkOptions = z.input<typeof createVmdkOptionsSchema> & {
  readonly fileSystem?: FileSystem;
};

/** The writer of a new image; which one, the subformat says. */
export type VmdkWriter = SparseVmdkWriter | StreamVmdkWriter | FlatVmdkWriter;

type Checked = z.output<typeof createVmdkOptionsSchema>;

/** Names that the quotes of a descriptor cannot hold. */
const UNQUOTABLE = /["\n\r]/;

/**
 * Creates the image (files of mode 0600; `monolithicFlat` also makes `NAME-flat.vmdk` beside it) and returns its writer.
 * Rejects with `ALREADY_EXISTS`, `CONFIG_INVALID` for wrong options and names, and `FORMAT_UNSUPPORTED` above 62 TiB. Until
 * the first flush there is no valid image; dispose leaves what is there.
 */
export async function createVmdk(path: string, options: CreateVmdkOptions): Promise<VmdkWriter> {
  const { fileSystem = nodeFileSystem, ...plain } = options;
  const checked = await parseOptions(createVmdkOptionsSchema, plain, 'a new VMDK image');
  const sizeBytes = roundUpSize(checked.sizeBytes, [SIZE_RULES.vmdk]);
  checkName(checked.name ?? path);
  const handle = await fileSystem.open(path, 'create');
  const file = { path, fileSystem, handle, sizeBytes };
  if (checked.subformat === 'monolithicFlat') return await flatWriter(file, checked);
  const descriptor = describe(checked, sizeBytes, {
    type: 'SPARSE',
    file: checked.name ?? basename(path),
  });
  if (checked.subformat === 'streamOptimized')
    return new StreamVmdkWriter({ handle, sizeBytes, encoder: new StreamEncoder(sizeBytes, descriptor) });
  return new SparseVmdkWriter({
    handle,
    descriptor,
    layout: sparseLayout(sizeBytes),
    ...(fileSystem.endpoint && { endpoint: fileSystem.endpoint(path) }),
  });
}

type NewFile = {
  readonly path: string;
  readonly fileSystem: FileSystem;
  readonly handle: FileHandle;
  readonly sizeBytes: number;
};

async function flatWriter(file: NewFile, checked: Checked): Promise<FlatVmdkWriter> {
  const { path, fileSystem, handle, sizeBytes } = file;
  const flat = flatExtentPath(path);
  const line = { type: 'FLAT', file: basename(flat), offset: 0 } as const;
  const descriptor = describe(checked, sizeBytes, line);
  try {
    const extent = await createRaw(flat, { fileSystem, sizeBytes });
    return new FlatVmdkWriter({ extent, handle, descriptor });
  } catch (error) {
    // The descriptor was made by this call and describes nothing.
    await handle[Symbol.asyncDispose]();
    await fileSystem.unlink(path);
    throw error;
  }
}

function describe(
  { subformat, adapterType, contentId }: Checked,
  sizeBytes: number,
  file: { readonly type: 'SPARSE'; readonly file: string } | Omit<FlatLine, 'access' | 'sectors'>,
): Uint8Array {
  return writeDescriptor({
    createType: subformat,
    contentId: contentId ?? newContentId(),
    adapterType,
    sizeBytes,
    extents: [{ access: 'RW', sectors: sizeBytes / SECTOR_BYTES, ...file }],
  });
}

type FlatLine = Extract<ExtentLine, { type: 'FLAT' | 'VMFS' }>;

function checkName(path: string): void {
  if (!UNQUOTABLE.test(basename(path))) return;
  throw new SendenseError('CONFIG_INVALID', 'a VMDK image cannot have quotes or line ends in its name', {
    operation: 'create-image',
    remedy: 'choose another file name',
  });
}
