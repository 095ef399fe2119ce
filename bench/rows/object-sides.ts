import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { unpackedPrograms } from '@sendense/tests/unpacked-packages';
import type { DataKind } from '../data/data-set.ts';
import { runShell, shellWords, syncFolder } from '../measure/run-shell.ts';
import { runSide, type Side } from '../measure/side.ts';
import type { Destination } from '../report/result.ts';
import { OUR_ENVIRONMENT, type Workbench } from '../workbench.ts';
import { placements } from './measure-pairs.ts';
import { backupCommand, type FreshRepository, freshRepository } from './our-backup.ts';
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
  return {
    cwd: repository.home,
    env: OUR_ENVIRONMENT,
    command: backupCommand(bench, repository, [`image:${source}`]),
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

/** A raw disk and a repository of each side for it. */
export type ObjectStage = {
  readonly source: string;
  readonly repository: FreshRepository;
  readonly restic: ResticRepository;
};

/** A stage for every destination with every data set, gone when the next is asked for; repositories at `where`, or at the destination. */
export async function* objectStages(
  bench: Workbench,
  where?: Destination,
): AsyncGenerator<ObjectStage & { readonly destination: Destination; readonly data: DataKind }> {
  for (const { destination, data } of placements(bench)) {
    const source = await bench.dataSet(data);
    await using folder = await bench.folder(where ?? destination);
    const repository = freshRepository(bench, folder.path, 'dir');
    yield { destination, data, source, repository, restic: resticRepository(folder.path) };
  }
}

/** Makes both repositories anew, each with one backup. */
export async function backUpBoth(
  bench: Workbench,
  { source, repository, restic }: ObjectStage,
): Promise<void> {
  await runSide({ ...ourObjectBackup(bench, repository, source), before: () => repository.renew() });
  await runSide({ ...resticBackup(restic, source), before: () => restic.renew() });
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
