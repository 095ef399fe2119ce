import { rm } from 'node:fs/promises';
import path from 'node:path';
import { dataBytes } from '../data/data-set.ts';
import { inPairs } from '../measure/pairs.ts';
import { syncFile } from '../measure/run-shell.ts';
import { runSide, type Side } from '../measure/side.ts';
import { resultOf } from '../report/compare.ts';
import type { Destination, Result, Variant } from '../report/result.ts';
import { OUR_ENVIRONMENT, type Workbench } from '../workbench.ts';
import { measurePairs } from './measure-pairs.ts';
import { ourObjectBackup } from './object-sides.ts';
import { type FreshRepository, freshRepository, ourProgram } from './our-backup.ts';
import type { Row } from './row.ts';
import { requireSameBytes } from './same-bytes.ts';

const MIB = 2 ** 20;
/** Of a request to the store. */
const DELAY_MS = 20;
const OUTSTANDING = 32;
/** Reads, so many that one after another they take about ten seconds; on small disks fewer, or all would come from the cache. */
const READS = 400;
const LEAST_READS = 32;

/** A restore from the store by an application that embeds the packages, a target on disk when it ends. */
function restoreAfter(delayMs: number, { path: store, home }: FreshRepository, out: string): Side {
  const state = path.join(home, 'state');
  const program = ourProgram('object-latency', store, String(delayMs), 'restore', state, `image:${out}`);
  return {
    cwd: home,
    env: OUR_ENVIRONMENT,
    command: `${program} && ${syncFile(out)}`,
    before: () => rm(out, { force: true }),
  };
}

/** Random reads by the same, `outstanding` of them at once. */
function readsWith(outstanding: number, { path: store, home }: FreshRepository, count: number): Side {
  const reads = ['reads', String(count), String(outstanding)];
  const command = ourProgram('object-latency', store, String(DELAY_MS), ...reads);
  return { cwd: home, env: OUR_ENVIRONMENT, command, before: async () => undefined };
}

/** What stands in the store. */
type Stored = { readonly repository: FreshRepository; readonly source: string };

async function measureReads(
  bench: Workbench,
  name: string,
  variant: Variant,
  { repository }: Stored,
): Promise<Result> {
  const { pairs, sizeBytes } = bench.settings;
  const count = Math.max(LEAST_READS, Math.min(READS, sizeBytes / (8 * MIB)));
  const [ours, theirs] = [readsWith(OUTSTANDING, repository, count), readsWith(1, repository, count)];
  bench.say(`${name} ${Object.values(variant).join(' ')}: ${pairs} pairs`);
  const seconds = async (side: Side) => {
    const { stdout } = await runSide(side);
    return (JSON.parse(stdout) as { seconds: number }).seconds;
  };
  const begun = performance.now();
  const measured = await inPairs(
    pairs,
    () => seconds(ours),
    () => seconds(theirs),
  );
  return {
    ...resultOf(name, variant, { unit: 's', ...measured }),
    sizeBytes,
    ourCommand: bench.readable(ours.command),
    theirCommand: bench.readable(theirs.command),
    tookSeconds: (performance.now() - begun) / 1000,
    note: `${count} reads of 64 KiB to 1 MiB by themselves, without the start of the program: 32 outstanding against 1`,
  };
}

async function measureRestore(
  bench: Workbench,
  name: string,
  variant: Variant & { readonly destination: Destination; readonly data: 'rnd' | 'mix' },
  { repository, source }: Stored,
): Promise<Result> {
  const { sizeBytes } = bench.settings;
  await using folder = await bench.folder(variant.destination);
  const [far, near] = [path.join(folder.path, 'far.raw'), path.join(folder.path, 'near.raw')];
  return await measurePairs(bench, {
    name,
    variant,
    ours: restoreAfter(DELAY_MS, repository, far),
    theirs: restoreAfter(0, repository, near),
    sizeBytes,
    limit: await bench.limit(source, dataBytes(variant.data, sizeBytes), variant.destination),
    note: `ours: each request to the store takes ${DELAY_MS} ms; theirs: the same without`,
    check: async () => {
      for (const out of [far, near])
        await requireSameBytes({ path: source, format: 'raw' }, { path: out, format: 'raw' });
    },
  });
}

/** A store that answers after 20 ms: a restore against one from a store at hand, and 32 reads at once against one by one. */
export const objectLatency: Row = {
  name: 'object-latency',
  peers: ['qemu-img'],
  async *measure(bench: Workbench): AsyncGenerator<Result> {
    const { data: kinds, destinations } = bench.settings;
    for (const data of kinds) {
      const source = await bench.dataSet(data);
      await using folder = await bench.folder('disk');
      const repository = freshRepository(bench, folder.path, 'dir');
      await runSide({ ...ourObjectBackup(bench, repository, source), before: () => repository.renew() });
      const stored = { repository, source };
      for (const destination of destinations)
        yield await measureRestore(bench, this.name, { destination, data, measure: 'restore' }, stored);
      yield await measureReads(bench, this.name, { data, measure: 'reads' }, stored);
    }
  },
};
