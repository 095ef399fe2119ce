import { rm } from 'node:fs/promises';
import path from 'node:path';
import { dataBytes } from '../data/data-set.ts';
import { shellWords, syncFile } from '../measure/run-shell.ts';
import type { Side } from '../measure/side.ts';
import type { Result } from '../report/result.ts';
import type { Workbench } from '../workbench.ts';
import { type Chain, growChain } from './grow-chain.ts';
import { measurePairs, placements } from './measure-pairs.ts';
import type { Row } from './row.ts';
import { requireSameBytes } from './same-bytes.ts';

/** Images from the full to the newest increment. */
const DEPTH = 5;

/** A restore of the newest point by the command line to a raw file, which `qemu-img convert` does not read back either. */
export function ourRestore(bench: Workbench, { repository, pointId }: Chain, out: string): Side {
  const folder = path.dirname(out);
  const from = ['--repository', repository.path, '--backup-id', pointId];
  const to = ['--target', `image:${out}`, '--format', 'raw', '--no-verify'];
  return {
    cwd: folder,
    command: `${bench.ctl(folder, 'restore', 'start', ...from, ...to)} && ${syncFile(out)}`,
    before: () => rm(out, { force: true }),
  };
}

function theirs(folder: string, image: string): Side {
  const out = path.join(folder, 'theirs.raw');
  const mode = ['-W', '-m', '8', '-t', 'writeback', '-f', 'qcow2', '-O', 'raw'];
  return {
    cwd: folder,
    command: `${shellWords(['qemu-img', 'convert', ...mode, image, out])} && ${syncFile(out)}`,
    before: () => rm(out, { force: true }),
  };
}

/** A full and four increments of 5 % back into one raw file, against qemu-img on the same chain. */
export const restoreChain: Row = {
  name: 'restore-chain',
  peers: ['qemu-img', 'qemu-io'],
  async *measure(bench: Workbench): AsyncGenerator<Result> {
    const { sizeBytes } = bench.settings;
    for (const { destination, data } of placements(bench)) {
      const source = await bench.dataSet(data);
      await using chains = await bench.folder('disk');
      await using folder = await bench.folder(destination);
      const chain = await growChain(bench, chains.path, { source, depth: DEPTH, share: 0.05 });
      const out = path.join(folder.path, 'ours.raw');
      yield await measurePairs(bench, {
        name: this.name,
        variant: { destination, data },
        ours: ourRestore(bench, chain, out),
        theirs: theirs(folder.path, chain.image),
        sizeBytes,
        limit: await bench.limit(source, dataBytes(data, sizeBytes), destination),
        note: 'neither side reads back what it wrote',
        check: () => requireSameBytes({ path: chain.disk, format: 'qcow2' }, { path: out, format: 'raw' }),
      });
    }
  },
};
