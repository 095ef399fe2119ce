import { dataBytes } from '../data/data-set.ts';
import type { Side } from '../measure/side.ts';
import { resultOf } from '../report/compare.ts';
import type { Result } from '../report/result.ts';
import type { Workbench } from '../workbench.ts';
import { measurePairs } from './measure-pairs.ts';
import {
  backUpBoth,
  objectStages,
  ourObjectBackup,
  requireRestoreOf,
  resticBackup,
  storedBytes,
} from './object-sides.ts';
import type { Row } from './row.ts';

const PEERS = ['restic', 'qemu-img'];

/** A side that works in a new repository each time, and notes how many bytes that holds afterwards. */
function weighed(
  side: Side,
  repository: { readonly path: string; renew(): Promise<void> },
  stored: number[],
): Side {
  const note = async () => {
    stored.push(await storedBytes(repository.path));
  };
  return { ...side, before: () => repository.renew(), after: note };
}

/** A raw file into a new object repository, encrypted and deduplicated, against restic: the time, and the bytes stored. */
export const objectBackup: Row = {
  name: 'object-backup',
  peers: PEERS,
  async *measure(bench: Workbench): AsyncGenerator<Result> {
    const { sizeBytes } = bench.settings;
    for await (const { destination, data, source, repository, restic } of objectStages(bench)) {
      const stored = { ours: [] as number[], theirs: [] as number[] };
      const time = await measurePairs(bench, {
        name: this.name,
        variant: { destination, data, measure: 'time' },
        ours: weighed(ourObjectBackup(bench, repository, source), repository, stored.ours),
        theirs: weighed(resticBackup(restic, source), restic, stored.theirs),
        sizeBytes,
        limit: await bench.limit(source, dataBytes(data, sizeBytes), destination),
        note: 'new repositories, made before; passphrases in the environment',
        check: () => requireRestoreOf(source, bench, repository),
      });
      yield time;
      const bytes = { unit: 'bytes', ...stored } as const;
      yield { ...resultOf(this.name, { destination, data, measure: 'stored' }, bytes), sizeBytes };
    }
  },
};

/** The same unchanged file once more: all of it is read, nothing of it stored, on both sides. */
export const objectRebackup: Row = {
  name: 'object-rebackup',
  peers: PEERS,
  async *measure(bench: Workbench): AsyncGenerator<Result> {
    const { sizeBytes } = bench.settings;
    for await (const { destination, data, source, repository, restic } of objectStages(bench)) {
      await backUpBoth(bench, { source, repository, restic });
      yield await measurePairs(bench, {
        name: this.name,
        variant: { destination, data },
        ours: ourObjectBackup(bench, repository, source),
        theirs: resticBackup(restic, source, ['--force']),
        sizeBytes,
        limit: await bench.limit(source, 0, destination),
        note: 'a raw file has no change tracking: each run reads all of it',
        check: () => requireRestoreOf(source, bench, repository),
      });
    }
  },
};
