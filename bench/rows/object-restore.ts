import { rm } from 'node:fs/promises';
import path from 'node:path';
import { dataBytes } from '../data/data-set.ts';
import { runShell, shellWords, syncFile, syncFolder } from '../measure/run-shell.ts';
import type { Side } from '../measure/side.ts';
import type { Result } from '../report/result.ts';
import { OUR_ENVIRONMENT, type Workbench } from '../workbench.ts';
import { measurePairs } from './measure-pairs.ts';
import { backUpBoth, objectStages, type ResticRepository } from './object-sides.ts';
import type { FreshRepository } from './our-backup.ts';
import type { Row } from './row.ts';
import { newestPoint, requireSameBytes } from './same-bytes.ts';

/** Clears what a side wrote and reads its repository once, so that both read from the page cache. */
async function prepare(out: string, repository: string): Promise<void> {
  await rm(out, { recursive: true, force: true });
  await runShell(`find ${shellWords([repository])} -type f -exec cat {} + >/dev/null`, { cwd: '/' });
}

async function ours(bench: Workbench, repository: FreshRepository, out: string): Promise<Side> {
  const { id } = await newestPoint(bench, repository);
  const from = ['--repository', repository.name, '--backup-id', id];
  const to = ['--target', `image:${out}`, '--format', 'raw'];
  return {
    cwd: repository.home,
    env: OUR_ENVIRONMENT,
    command: `${bench.ctl(repository.home, 'restore', 'start', ...from, ...to)} && ${syncFile(out)}`,
    before: () => prepare(out, repository.path),
  };
}

/** restic restores into a folder: the file lies there by its name. */
function theirs(restic: ResticRepository, source: string, folder: string): Side {
  const restore = restic.command('restore', `latest:${path.dirname(source)}`, '--target', folder);
  return {
    cwd: path.dirname(folder),
    env: restic.env,
    command: `${restore} && ${syncFolder(folder)}`,
    before: () => prepare(folder, restic.path),
  };
}

/** One point of an object repository back into a raw file, proven by reading it back, against restic, which does not. */
export const objectRestore: Row = {
  name: 'object-restore',
  peers: ['restic', 'qemu-img'],
  async *measure(bench: Workbench): AsyncGenerator<Result> {
    const { sizeBytes } = bench.settings;
    for await (const { destination, data, ...stage } of objectStages(bench, 'disk')) {
      const { source, repository, restic } = stage;
      await using folder = await bench.folder(destination);
      await backUpBoth(bench, stage);
      const ourFile = path.join(folder.path, 'ours.raw');
      const theirFolder = path.join(folder.path, 'theirs');
      const theirFile = path.join(theirFolder, path.basename(source));
      yield await measurePairs(bench, {
        name: this.name,
        variant: { destination, data },
        ours: await ours(bench, repository, ourFile),
        theirs: theirs(restic, source, theirFolder),
        sizeBytes,
        limit: await bench.limit(source, dataBytes(data, sizeBytes), destination),
        note: 'from repositories on the disk, in the page cache; only ours reads back what it wrote',
        check: async () => {
          for (const out of [ourFile, theirFile])
            await requireSameBytes({ path: source, format: 'raw' }, { path: out, format: 'raw' });
        },
      });
    }
  },
};
