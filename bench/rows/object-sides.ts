import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { unpackedPrograms } from '@sendense/tests/unpacked-packages';
import { runShell, shellWords, syncFolder } from '../measure/run-shell.ts';
import type { Side } from '../measure/side.ts';
import { OUR_ENVIRONMENT, type Workbench } from '../workbench.ts';
import type { FreshRepository } from './our-backup.ts';
import { newestPoint, requireSameBytes } from './same-bytes.ts';

/** A repository of restic that is made anew where a row needs it, and how its commands are run. */
export type ResticRepository = {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  /** `restic -r REPOSITORY ARGS` as words of a shell. */
  command(...args: readonly string[]): string;
  renew(): Promise<void>;
};

/** A repository below `folder` with a cache of its own; the settings are restic's own. */
export function resticRepository(folder: string): ResticRepository {
  const home = path.join(folder, 'theirs');
  const repository = path.join(home, 'repository');
  const env = {
    PATH: `${unpackedPrograms('restic')}:${process.env.PATH ?? ''}`,
    RESTIC_PASSWORD: 'bench',
    RESTIC_CACHE_DIR: path.join(home, 'cache'),
  };
  const command = (...args: readonly string[]) => shellWords(['restic', '-r', repository, ...args]);
  return {
    path: repository,
    env,
    command,
    async renew() {
      await rm(home, { recursive: true, force: true });
      await mkdir(home, { recursive: true });
      await runShell(command('init'), { cwd: home, env });
    },
  };
}

/** A backup of a raw file into an object repository, on disk when it ends; nothing is cleared before. */
export function ourObjectBackup(bench: Workbench, repository: FreshRepository, source: string): Side {
  const { home, name } = repository;
  const from = ['--source', `image:${source}`, '--repository', name];
  return {
    cwd: home,
    env: OUR_ENVIRONMENT,
    command: `${bench.ctl(home, 'backup', 'start', ...from)} && ${syncFolder(repository.path)}`,
    before: async () => undefined,
  };
}

/** The same by restic; `flags` are those of `restic backup`. */
export function resticBackup(restic: ResticRepository, source: string, flags: readonly string[] = []): Side {
  return {
    cwd: path.dirname(source),
    env: restic.env,
    command: `${restic.command('backup', ...flags, source)} && ${syncFolder(restic.path)}`,
    before: async () => undefined,
  };
}

/** Bytes of all files below a folder. */
export async function storedBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(path.join(parentPath, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Rejects unless a restore of the newest point of an object repository has the bytes of a raw disk. */
export async function requireRestoreOf(
  source: string,
  bench: Workbench,
  repository: FreshRepository,
): Promise<void> {
  const { id } = await newestPoint(bench, repository);
  await using folder = await bench.folder('disk');
  const out = path.join(folder.path, 'restored.raw');
  const from = ['--repository', repository.name, '--backup-id', id];
  const to = ['--target', `image:${out}`, '--format', 'raw'];
  await bench.ctlJson(repository.home, 'restore', 'start', ...from, ...to);
  await requireSameBytes({ path: source, format: 'raw' }, { path: out, format: 'raw' });
}
