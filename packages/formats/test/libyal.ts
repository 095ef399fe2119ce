import { execFile } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DiskContent } from '@sendense/testkit';

const run = promisify(execFile);

/** A disk that libyal's FUSE programs show as a file; it is gone when it is disposed. */
export type MountedDisk = AsyncDisposable & { readonly path: string };

/** Lets `vhdimount` or `vmdkmount` show `image`, with `depth` parents, in a folder of its own beside it. */
export async function mountByLibyal(format: string, image: string, depth: number): Promise<MountedDisk> {
  const name = format === 'vmdk' ? 'vmdk' : 'vhdi';
  const folder = `${image}.mounted`;
  await mkdir(folder);
  await run(`${name === 'vhdi' ? 'vhdi' : 'vmdk'}mount`, [image, folder]);
  return {
    path: join(folder, `${name}${depth + 1}`),
    [Symbol.asyncDispose]: async () => {
      await run('fusermount3', ['-u', folder]);
    },
  };
}

/** Offset of the first of the written parts of `content` that a file has otherwise; -1 for another size. */
export async function firstDifferenceOfFile(path: string, content: DiskContent): Promise<number | undefined> {
  await using file = await open(path, 'r');
  if ((await file.stat()).size !== content.sizeBytes) return -1;
  for (const { offset, length, kind } of content.extents()) {
    const size = kind === 'zero' ? Math.min(length, 2 ** 24) : length;
    const { buffer, bytesRead } = await file.read(new Uint8Array(size), 0, size, offset);
    if (bytesRead !== size || Buffer.compare(buffer, content.bytes({ offset, length: size })) !== 0)
      return offset;
  }
  return undefined;
}
