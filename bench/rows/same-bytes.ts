import { execa } from 'execa';
import type { Workbench } from '../workbench.ts';
import type { FreshRepository } from './our-backup.ts';

/** An image file and its format, as QEMU calls it. */
type ImageFile = { readonly path: string; readonly format: string };

/** Rejects unless qemu-img finds both images equal: a fast backup of the wrong bytes is no result. */
export async function requireSameBytes(one: ImageFile, other: ImageFile): Promise<void> {
  await execa('qemu-img', ['compare', '-f', one.format, '-F', other.format, one.path, other.path]);
}

type ListedPoint = { readonly id: string; readonly instant: string; readonly disks: { path: string }[] };

/** The newest point of a repository. */
export async function newestPoint(bench: Workbench, { home, name }: FreshRepository): Promise<ListedPoint> {
  const listed = await bench.ctlJson(home, 'backup', 'list', '--repository', name);
  const points = listed.points as ListedPoint[];
  const newest = points.toSorted((a, b) => a.instant.localeCompare(b.instant)).at(-1);
  if (newest === undefined) throw new Error(`${name} holds no point`);
  return newest;
}

/** Rejects unless the newest point of a repository holds the bytes of a raw disk. */
export async function requireBackupOf(
  source: string,
  bench: Workbench,
  repository: FreshRepository,
): Promise<void> {
  const [image, ...others] = (await newestPoint(bench, repository)).disks;
  if (image === undefined || others.length > 0) throw new Error('the backup does not have one disk');
  await requireSameBytes({ path: source, format: 'raw' }, { path: image.path, format: 'qcow2' });
}
