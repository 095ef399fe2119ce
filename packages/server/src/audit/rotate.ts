import type { FileSystem } from '@sendense/plugin-kit';

/** Where the `age`th file that was put aside lies: `audit.jsonl.1` is the youngest. */
export function putAsidePath(path: string, age: number): string {
  return `${path}.${age}`;
}

/**
 * Puts the file at `path` aside and forgets the oldest of those that were put aside before, so that `keptFiles` (from 1) of them stay. A crash in
 * between leaves a gap in the numbers and loses nothing else. The new names are durable with the file that is made next in their folder.
 */
export async function rotate(fileSystem: FileSystem, path: string, keptFiles: number): Promise<void> {
  for (let age = keptFiles - 1; age >= 0; age--) {
    const from = age === 0 ? path : putAsidePath(path, age);
    if ((await fileSystem.stat(from)) !== undefined)
      await fileSystem.rename(from, putAsidePath(path, age + 1));
  }
}
