import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { shellWords, syncFolder } from '../measure/run-shell.ts';
import type { Side } from '../measure/side.ts';
import type { Workbench } from '../workbench.ts';

/** A repository that is made anew before each run, and what is run against it. */
export type FreshRepository = {
  /** Its folder. */
  readonly path: string;
  /** What it is called on the command line. */
  readonly name: string;
  readonly home: string;
  renew(): Promise<void>;
};

/** A repository below `folder` with a catalog of its own: of chains, or of objects. */
export function freshRepository(
  bench: Workbench,
  folder: string,
  kind: 'local' | 'dir' = 'local',
): FreshRepository {
  const home = path.join(folder, 'ours');
  const repository = path.join(home, 'repository');
  const name = kind === 'local' ? repository : `dir:${repository}`;
  return {
    path: repository,
    name,
    home,
    async renew() {
      await rm(home, { recursive: true, force: true });
      await mkdir(home, { recursive: true });
      await bench.ctlJson(home, 'repository', 'init', '--repository', name);
    },
  };
}

/** The command that backs `sources` up into a repository, on disk when it ends. */
export function backupCommand(
  bench: Workbench,
  { home, name, path: folder }: FreshRepository,
  sources: readonly string[],
  flags: readonly string[] = [],
): string {
  const from = sources.flatMap((source) => ['--source', source]);
  return `${bench.ctl(home, 'backup', 'start', ...from, '--repository', name, ...flags)} && ${syncFolder(folder)}`;
}

/** A first backup of `sources` by the command line into a new repository. */
export function ourBackup(
  bench: Workbench,
  folder: string,
  sources: readonly string[],
  flags: readonly string[] = [],
): Side & { readonly repository: FreshRepository } {
  const repository = freshRepository(bench, folder);
  return {
    repository,
    cwd: folder,
    command: backupCommand(bench, repository, sources, flags),
    before: () => repository.renew(),
  };
}

/** A program of ours from `bench/programs`, as an application that embeds the packages would be started. */
export function ourProgram(name: string, ...args: readonly string[]): string {
  const file = path.join(import.meta.dirname, '..', 'programs', `${name}.ts`);
  return shellWords([process.execPath, file, ...args]);
}
