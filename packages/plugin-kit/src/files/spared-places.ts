import { dirname, join, sep } from 'node:path';
import type { FileSystem } from './file-system.ts';

/** The file that marks the folder of a local repository. */
const REPOSITORY_MARK = 'sendense-repository.json';

type Statuses = Pick<FileSystem, 'stat' | 'realPath'>;

/** Whether `path`, which is real, is one of `kept` or lies below one. What of `kept` is not there protects nothing. */
export async function isKept(fileSystem: Statuses, kept: readonly string[], path: string): Promise<boolean> {
  const there = await fileSystem.stat(path);
  for (const one of kept) {
    const status = await fileSystem.stat(one);
    if (status === undefined) continue;
    const real = await fileSystem.realPath(one);
    if (status.identity === there?.identity || path.startsWith(real + sep)) return true;
  }
  return false;
}

/** The folder of the local repository in which `folder` lies, or that it is; `undefined` for none. */
export async function repositoryAround(fileSystem: Statuses, folder: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    if ((await fileSystem.stat(join(at, REPOSITORY_MARK))) !== undefined) return at;
    if (at === dirname(at)) return undefined;
  }
}
