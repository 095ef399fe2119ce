import { resolve, sep } from 'node:path';
import { SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit';

/** Folders that paths of entries must lie in; `any` where whoever writes entries may read everything the service can. */
export type AllowedRoots = readonly string[] | 'any';

/** Gives the real path; rejects with `PERMISSION_DENIED` for one outside the allowed folders. */
export type Confine = (path: string) => Promise<string>;

/**
 * Confines paths to `roots` by their real paths: neither `..` nor a symbolic link leads out. What lies outside is refused in the same
 * words whether it is there or not.
 */
export function confineTo(roots: AllowedRoots, fileSystem: FileSystem): Confine {
  if (roots === 'any') return (path) => fileSystem.realPath(path);
  return async (path) => {
    const folders = await realFolders(roots, fileSystem);
    const isAllowed = (candidate: string) => folders.some((folder) => isInside(candidate, folder));
    const real = await fileSystem.realPath(path).catch((error: unknown) => {
      if (isAllowed(resolve(path))) throw error;
      return undefined;
    });
    if (real !== undefined && isAllowed(real)) return real;
    throw outside(path);
  };
}

/** A folder that is not there (yet) allows nothing. */
async function realFolders(roots: readonly string[], fileSystem: FileSystem): Promise<readonly string[]> {
  const found = roots.map((root) => fileSystem.realPath(root).catch(() => undefined));
  return (await Promise.all(found)).filter((folder) => folder !== undefined);
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function outside(path: string): SendenseError {
  return new SendenseError('PERMISSION_DENIED', `${path} lies outside the folders that exports may name`, {
    operation: 'open-export',
    context: { path },
    remedy: 'add its folder to the roots of the service, if whoever writes exports may read it',
  });
}
