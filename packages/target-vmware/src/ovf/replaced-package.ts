import { join } from 'node:path';
import type { FileSystem } from '@sendense/plugin-kit/files';

/** Files that packages are made of; a folder with others is not replaced. */
const PACKAGE_FILE = /\.(?:ovf|mf|cert|vmdk|nvram|iso)$/i;

/** The names in a folder that belong to no package. */
export async function foreignNames(fileSystem: FileSystem, path: string): Promise<readonly string[]> {
  return (await fileSystem.list(path)).filter((name) => !PACKAGE_FILE.test(name));
}

/** Removes the folder of a package; resolves with what was removed. Nothing when it is gone. */
export async function removePackageFolder(fileSystem: FileSystem, path: string): Promise<readonly string[]> {
  if ((await fileSystem.stat(path)) === undefined) return [];
  for (const name of await fileSystem.list(path)) await fileSystem.unlink(join(path, name));
  await fileSystem.removeDirectory(path);
  return [path];
}

/** Gives a package that was to be replaced its name again, where no other one has got it. */
export async function putBackPackage(fileSystem: FileSystem, replaced: string, path: string): Promise<void> {
  if ((await fileSystem.stat(replaced)) === undefined) return;
  if ((await fileSystem.stat(path)) !== undefined) return;
  await fileSystem.rename(replaced, path);
}
