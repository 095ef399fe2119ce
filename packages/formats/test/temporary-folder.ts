import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of its own for one test; gone when it is disposed. */
export type TemporaryFolder = AsyncDisposable & {
  readonly path: string;
  /** The path of a name in the folder. */
  readonly file: (name: string) => string;
};

/** Makes a folder below the system's one for temporary files. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'sendense-formats-'));
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
