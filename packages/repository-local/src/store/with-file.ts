import type { FileHandle, FileSystem, OpenMode } from '@sendense/plugin-kit/files';

/** Opens a file for `run` and closes it. When both `run` and the close fail, the error of `run` is told. */
export async function withFile<T>(
  fileSystem: FileSystem,
  path: string,
  mode: OpenMode,
  run: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await fileSystem.open(path, mode);
  let result: T;
  try {
    result = await run(file);
  } catch (error) {
    await Promise.resolve(file[Symbol.asyncDispose]()).catch(() => undefined);
    throw error;
  }
  await file[Symbol.asyncDispose]();
  return result;
}
