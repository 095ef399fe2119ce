import { mkdir, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { DEFAULT_SIZE_BYTES } from '../arguments.ts';
import { runSide } from '../measure/side.ts';
import { resultOf } from '../report/compare.ts';
import type { Result } from '../report/result.ts';
import { OUR_ENVIRONMENT, type Workbench } from '../workbench.ts';
import { ourObjectBackup } from './object-sides.ts';
import { type FreshRepository, freshRepository, ourProgram } from './our-backup.ts';
import type { Row } from './row.ts';

const DISK_BYTES = 100e9;
/** Of a request to the store. */
const DELAY_MS = 20;
const FOLDER = 'files';
const FILES = 10_000;
/** Of what the repository holds, at most that share may be fetched: the point is not downloaded. */
const FETCHED = 0.05;
/** What tables of a file system of 100 GB may take of a repository that is small. */
const TABLES_BYTES = 4 * 2 ** 20;

type Browsed = {
  readonly ready: number;
  readonly listing: number;
  readonly entries: number;
  readonly requests: number;
  readonly bytes: number;
};

/** A disk of 100 GB whose file system holds a large file and a folder of small ones. */
async function makeDisk(bench: Workbench, folder: string): Promise<string> {
  const tree = path.join(folder, 'tree');
  await mkdir(path.join(tree, FOLDER), { recursive: true });
  for (let index = 0; index < FILES; index++)
    await writeFile(path.join(tree, FOLDER, `file-${index}.txt`), `${index}\n`.repeat(1 + (index % 50)));
  await execa('cp', [await bench.dataSet('rnd'), path.join(tree, 'large.bin')]);
  const disk = path.join(folder, 'disk.raw');
  await writeFile(disk, '');
  await truncate(disk, DISK_BYTES);
  await execa('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', tree, disk]);
  await execa('rm', ['-r', tree]);
  return disk;
}

function requireListing({ entries, bytes }: Browsed, storedBytes: number): void {
  if (entries === 0) throw new Error('the folder is listed empty');
  if (bytes > Math.max(storedBytes * FETCHED, TABLES_BYTES))
    throw new Error(`${bytes} bytes were fetched for a listing, of ${storedBytes}`);
}

async function measureBrowsing(bench: Workbench, repository: FreshRepository): Promise<readonly Result[]> {
  const { pairs, sizeBytes } = bench.settings;
  const command = ourProgram('browse-first', repository.path, String(DELAY_MS), `/${FOLDER}`);
  const side = { cwd: repository.home, env: OUR_ENVIRONMENT, command, before: async () => undefined };
  const begun = performance.now();
  const runs: Browsed[] = [];
  for (let run = 0; run < pairs; run++) {
    const browsed = JSON.parse((await runSide(side)).stdout) as Browsed;
    requireListing(browsed, Math.min(sizeBytes, DEFAULT_SIZE_BYTES));
    runs.push(browsed);
  }
  const tookSeconds = (performance.now() - begun) / 1000;
  const [{ entries, requests, bytes } = { entries: 0, requests: 0, bytes: 0 }] = runs;
  const cost = `both took ${requests} requests and ${Math.round(bytes / 1024)} KiB; the start of Node is not in it`;
  const told = {
    ready: `the repository unlocked, the point opened and its file systems found; ${cost}`,
    listing: `the first page of a folder of ${FILES} files: ${entries}; ${cost}`,
  };
  return (['ready', 'listing'] as const).map((measure) => ({
    ...resultOf(
      'browse-first',
      { destination: 'disk', measure },
      { unit: 's', ours: runs.map((one) => one[measure]) },
    ),
    sizeBytes: DISK_BYTES,
    ourCommand: bench.readable(command),
    tookSeconds,
    note: told[measure],
  }));
}

/** Files of a point of a disk of 100 GB, in a store whose requests take 20 ms: until it is ready, and the first listing. */
export const browseFirst: Row = {
  name: 'browse-first',
  peers: ['ext4-tools'],
  async *measure(bench: Workbench): AsyncGenerator<Result> {
    await using folder = await bench.folder('disk');
    const disk = await makeDisk(bench, folder.path);
    const repository = freshRepository(bench, folder.path, 'dir');
    bench.say(`${this.name}: ${bench.settings.pairs} runs`);
    await runSide({ ...ourObjectBackup(bench, repository, disk), before: () => repository.renew() });
    yield* await measureBrowsing(bench, repository);
  },
};
