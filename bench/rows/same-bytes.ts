import { execa } from 'execa';
import type { Workbench } from '../workbench.ts';
import type { FreshRepository } from './our-backup.ts';

/** An image file and its format, as QEMU calls it. */
type ImageFile = { readonly path: string; readonly format: string };

/** Rejects unless qemu-img finds both images equal: a fast backup of the wrong bytes is no result. */
export async function requireSameBytes(one: ImageFile, other: ImageFile): Promise<void> {
  await execa('qemu-img', ['compare', '-f', one.format, '-F', other.format, one.path, other.path]);
}

/** The images of the newest point of a repository, in the order of its disks. */
async function newestImages(bench: Workbench, repository: FreshRepository): Promise<ImageFile[]> {
  const listed = await bench.ctlJson(repository.home, 'backup', 'list', '--repository', repository.path);
  const points = listed.points as { instant: string; disks: { path: string }[] }[];
  const newest = points.toSorted((a, b) => a.instant.localeCompare(b.instant)).at(-1);
  return (newest?.disks ?? []).map(({ path }) => ({ path, format: 'qcow2' }));
}

/** Rejects unless the newest point of a repository holds the bytes of a raw disk. */
export async function requireBackupOf(
  source: string,
  bench: Workbench,
  repository: FreshRepository,
): Promise<void> {
  const [image, ...others] = await newestImages(bench, repository);
  if (image === undefined || others.length > 0) throw new Error('the backup does not have one disk');
  await requireSameBytes({ path: source, format: 'raw' }, image);
}
